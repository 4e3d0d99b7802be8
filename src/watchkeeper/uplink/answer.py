"""Reads the answer to an HTTP/1.1 request (RFC 9112), whatever a server may send."""

from __future__ import annotations

from watchkeeper.base.errors import UnavailableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MOST_HEADER_BYTES = 32 << 10
MOST_BODY_BYTES = 4 << 20
_NOT_A_HUB = "is there really a hub at this address?"


class Response:
    """A whole answer. Names of `headers` are in lower case; of a repeated one, the last stands."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


class Reader:
    """Bytes as they come from `receive` (b"" at the end), taken by line or by count."""

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self._receive = receive
        self._data = bytearray()
        self._ended = False

    @property
    def empty(self) -> bool:
        """Whether nothing has come that was not taken."""
        return not self._data

    def _more(self) -> None:
        part = b"" if self._ended else self._receive()
        if not part:
            self._ended = True
            raise UnavailableError("the hub closed the connection before its answer was whole")
        self._data += part

    def line(self, most: int) -> bytes:
        """One line without its end."""
        searched = 0
        while True:
            at = self._data.find(b"\n", searched)
            if at > most or (at < 0 and len(self._data) > most):
                raise UnavailableError("the hub's answer has a line that is too long", _NOT_A_HUB)
            if at >= 0:
                line = bytes(self._data[:at])
                del self._data[: at + 1]
                return line[:-1] if line.endswith(b"\r") else line
            searched = len(self._data)
            self._more()

    def exactly(self, count: int) -> bytes:
        while len(self._data) < count:
            self._more()
        part = bytes(self._data[:count])
        del self._data[:count]
        return part

    def rest(self, most: int) -> bytes:
        """All that comes until the end of the connection."""
        while len(self._data) <= most:
            part = self._receive()
            if not part:
                part = bytes(self._data)
                self._data.clear()
                return part
            self._data += part
        raise UnavailableError(f"the hub's answer is longer than {most} bytes", _NOT_A_HUB)


def read_response(reader: Reader, method: str) -> tuple[Response, bool]:
    """One answer, and whether the connection can be used again. Raises UnavailableError."""
    for _ in range(8):
        version, status = _status_line(reader.line(MOST_HEADER_BYTES))
        headers = _headers(reader)
        if status >= 200:
            break
    else:
        raise UnavailableError("the hub's answer never comes to its point", _NOT_A_HUB)
    keep = "close" not in headers.get("connection", "").lower() and version == b"HTTP/1.1"
    if method == "HEAD" or status in (204, 304):
        body = b""
    elif "transfer-encoding" in headers:
        if headers["transfer-encoding"].strip().lower() != "chunked":
            raise UnavailableError("the hub's answer is encoded in a way that nobody asked for", _NOT_A_HUB)
        body = _chunked(reader)
    elif "content-length" in headers:
        body = reader.exactly(_number(headers["content-length"].encode("latin-1"), 10))
    else:
        body, keep = reader.rest(MOST_BODY_BYTES), False
    return Response(status, headers, body), keep and reader.empty


def _status_line(line: bytes) -> tuple[bytes, int]:
    version, _, rest = line.partition(b" ")
    code = rest[:3]
    if version not in (b"HTTP/1.1", b"HTTP/1.0") or not code.isdigit() or rest[3:4] not in (b"", b" ") or code < b"100":
        raise UnavailableError("the answer is not HTTP", _NOT_A_HUB)
    return version, int(code)


def _headers(reader: Reader) -> dict[str, str]:
    headers: dict[str, str] = {}
    left = MOST_HEADER_BYTES
    while True:
        line = reader.line(left)
        if not line:
            return headers
        left -= len(line) + 2
        name, colon, value = line.decode("latin-1").partition(":")
        name = name.lower()
        if not colon or not name or name != name.strip() or left <= 0:
            raise UnavailableError("the hub's answer has headers that cannot be read", _NOT_A_HUB)
        value = value.strip()
        if name == "content-length" and headers.get(name, value) != value:
            raise UnavailableError("the hub's answer claims two lengths", _NOT_A_HUB)
        headers[name] = value


def _number(text: bytes, base: int) -> int:
    # int() also takes signs, spaces and underscores.
    digits = b"0123456789abcdefABCDEF" if base == 16 else b"0123456789"
    if not 0 < len(text) <= 16 or text.strip(digits):
        raise UnavailableError("the hub's answer claims a length that is no number", _NOT_A_HUB)
    value = int(text, base)
    if value > MOST_BODY_BYTES:
        raise UnavailableError(f"the hub's answer is longer than {MOST_BODY_BYTES} bytes", _NOT_A_HUB)
    return value


def _chunked(reader: Reader) -> bytes:
    parts: list[bytes] = []
    total = 0
    while True:
        size = _number(reader.line(MOST_HEADER_BYTES).partition(b";")[0].strip(), 16)
        if size == 0:
            _headers(reader)
            return b"".join(parts)
        total += size
        if total > MOST_BODY_BYTES:
            raise UnavailableError(f"the hub's answer is longer than {MOST_BODY_BYTES} bytes", _NOT_A_HUB)
        parts.append(reader.exactly(size))
        if reader.line(2):
            raise UnavailableError("the hub's answer has a chunk that does not end", _NOT_A_HUB)
