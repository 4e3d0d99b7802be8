"""A short cut for the commonest request: a small POST of batches on a kept connection.

Uvicorn's way to an ASGI application costs more than all that ingest does with a report. Here, such a request is taken
as it comes from the socket. Whatever is not exactly that (large, compressed, with an unusual header, refused) goes the
ordinary way, byte for byte; so the ASGI application stays complete and any other server can take Uvicorn's place.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from watchkeeper.base.errors import WatchkeeperError
from watchkeeper.hub.ingest.endpoint import AgentEndpoint, refusal

LINE = b"POST /agent/v1/batches HTTP/1.1\r\n"
MOST = 64 << 10
# Headers that change how a message is to be read: with one of them the ordinary way is taken.
_UNUSUAL = frozenset((b"transfer-encoding", b"expect", b"upgrade", b"content-encoding", b"trailer", b"te"))
_OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"


class Head:
    """What matters of a request: where its body begins and how long it is, the token, and the sender's clock."""

    __slots__ = ("authorization", "length", "sent_at", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.length = -1
        self.authorization = b""
        self.sent_at = b""


def read_head(data: bytes) -> Head | None:
    """The head of the request that `data` begins with; None when it is not all there, or unusual in any way."""
    end = data.find(b"\r\n\r\n")
    if end < 0 or not data.startswith(LINE):
        return None
    head = Head(end + 4)
    for line in data[len(LINE) : end].split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if not colon or not _take_header(head, name.lower(), value.strip(b" \t")):
            return None
    return head if head.length >= 0 else None


def _take_header(head: Head, name: bytes, value: bytes) -> bool:
    """Note one header; false when it is unusual."""
    if name == b"authorization":
        head.authorization = value
    elif name == b"wk-sent-at":
        head.sent_at = value
    elif name == b"content-length":
        # Twice, or no plain number: two readers might not agree where the body ends.
        if head.length >= 0 or not value.isdigit() or len(value) > 9:
            return False
        head.length = int(value)
    elif name == b"connection":
        return value.lower() == b"keep-alive"
    # A name with a blank in it, or a folded line, is for the strict parser to refuse.
    return name not in _UNUSUAL and not (name[:1].isspace() or name[-1:].isspace())


class IngestProtocol(HttpToolsProtocol):
    """Uvicorn's HTTP protocol with the short cut. `endpoint` is set by app.py before the server starts."""

    endpoint: AgentEndpoint

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._between = True
        self._posting = False
        self._closing = False
        self._held = b""

    def data_received(self, data: bytes) -> None:
        if self._held:
            data, self._held = self._held + data, b""
        if self._posting:
            # The sender did not wait for its answer; what it sends next waits here.
            self._held = data
            self.flow.pause_reading()
        elif not (self._is_free() and self._post(data)):
            super().data_received(data)

    def on_message_begin(self) -> None:
        self._between = False
        super().on_message_begin()

    def on_message_complete(self) -> None:
        self._between = True
        super().on_message_complete()

    def shutdown(self) -> None:
        if self._posting:
            self._closing = True
        else:
            super().shutdown()

    def _is_free(self) -> bool:
        """Is the connection between two requests?"""
        return self._between and not self.pipeline and (self.cycle is None or self.cycle.response_complete)

    def _post(self, data: bytes) -> bool:
        """Take the request, or hold it until it is whole; false when it must go the ordinary way."""
        head = read_head(data)
        if head is None or head.start + head.length > MOST or len(data) > head.start + head.length:
            return False
        self._unset_keepalive_if_required()
        if len(data) < head.start + head.length:
            self._held = data
            return True
        try:
            self.endpoint.take(head.authorization, head.sent_at, data[head.start :], self._answer)
        except WatchkeeperError:
            return False
        self._posting = True
        return True

    def _answer(self, answer: bytes | WatchkeeperError) -> None:
        """Write the receipt, or why there is none; then go on with what came meanwhile."""
        self._posting = False
        if self.transport.is_closing():
            return
        if isinstance(answer, bytes):
            self.transport.write(_OK % (len(answer), answer))
        else:
            status, headers, body = refusal(answer)
            lines = b"".join([b"%b: %b\r\n" % header for header in headers])
            self.transport.write(b"HTTP/1.1 %d Refused\r\n%b\r\n%b" % (status, lines, body))
        if self._closing:
            self.transport.close()
            return
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        if self._held:
            held, self._held = self._held, b""
            self.flow.resume_reading()
            self.data_received(held)
