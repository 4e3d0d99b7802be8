"""The agent's calls to the hub, and what its answers mean. Contract: wire/FORMAT.md."""

from __future__ import annotations

import zlib

from watchkeeper.base import json
from watchkeeper.base.errors import (
    ForbiddenError,
    FormatError,
    TooLargeError,
    TooManyError,
    UnauthenticatedError,
    UnavailableError,
    WatchkeeperError,
)
from watchkeeper.wire.receipt import read_receipt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.base.clock import Clock
    from watchkeeper.uplink.answer import Response
    from watchkeeper.uplink.http import Client
    from watchkeeper.uplink.outgoing import Outgoing
    from watchkeeper.wire.receipt import Receipt

_GZIP_FROM_BYTES = 1024
_GZIP_LEVEL = 3
_MOST_RETRY_AFTER = 3600.0
COPIED = "was the spool copied from another machine?"


class Answer:
    """What the hub says besides the receipt: schemas that it lacks, and whether somebody looks at this host."""

    __slots__ = ("receipt", "want_schemas", "watched")

    def __init__(self, receipt: Receipt | None, value: dict[str, object]) -> None:
        wanted = value.get("want_schemas")
        self.receipt = receipt
        self.want_schemas = [n for n in wanted if isinstance(n, int)] if isinstance(wanted, list) else []
        self.watched = value.get("watched") is True


class Link:
    """Calls over one kept-alive connection. Every call raises a WatchkeeperError that says what to do.

    `sent` counts the bytes of bodies on the wire.
    """

    def __init__(self, client: Client, token: str, clock: Clock) -> None:
        self._client = client
        self._token = token
        self._clock = clock
        self.sent = 0

    @property
    def connected(self) -> bool:
        return self._client.connected

    def close(self) -> None:
        self._client.close()

    def receipts(self, streams: list[bytes]) -> tuple[str, list[Receipt]]:
        """The hub's incarnation, and a receipt for each of `streams` but those that belong to another agent."""
        body = json.dumps({"streams": [stream.hex() for stream in streams]})
        value = _object(self._call("/agent/v1/receipts", body, "application/json"))
        incarnation, entries = value.get("incarnation"), value.get("receipts")
        if not isinstance(incarnation, str) or not isinstance(entries, list):
            raise FormatError("the hub's answer holds no receipts", "is it another version?")
        return incarnation, [receipt for receipt in map(read_receipt, entries) if receipt.stream in streams]

    def post(self, post: Outgoing) -> Answer:
        """Send batches; the answer has a receipt of their stream."""
        value = _object(self._call("/agent/v1/batches", post.body, "application/vnd.watchkeeper.batches"))
        receipt = read_receipt(value)
        if receipt.stream != post.stream:
            raise FormatError("the hub's receipt is for another stream", "is something between us and the hub?")
        return Answer(receipt, value)

    def hint(self, records: bytes) -> Answer:
        """Send records that are for the live view only."""
        response = self._call("/agent/v1/now", records, "application/vnd.watchkeeper.records")
        return Answer(None, _object(response) if response.status == 200 else {})

    def _call(self, path: str, body: bytes, kind: str) -> Response:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": kind,
            "Wk-Sent-At": f"{self._clock.wall():.3f}",
        }
        if len(body) > _GZIP_FROM_BYTES:
            packed = _gzip(body)
            if len(packed) < len(body) * 0.9:
                body = packed
                headers["Content-Encoding"] = "gzip"
        self.sent += len(body)
        response = self._client.request("POST", path, headers, body)
        if response.status not in (200, 204):
            raise _refusal(response)
        return response


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def _object(response: Response) -> dict[str, object]:
    try:
        value = json.loads(response.body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise FormatError("the hub's answer is not a JSON object", "is something between us and the hub?")
    return value


def _refusal(response: Response) -> WatchkeeperError:
    status = response.status
    words = _words(response)
    if status == 400:
        return FormatError(f"the hub could not read what was sent: {words}", "it is sent again")
    if status == 401:
        return UnauthenticatedError(f"the hub does not know this agent's token: {words}", "check agent.token")
    if status == 403:
        return ForbiddenError(f"the hub refuses this agent: {words}", COPIED)
    if status == 413:
        return TooLargeError(f"the hub takes no post of this size: {words}")
    if status in (429, 503, 507):
        return TooManyError(f"the hub asks to wait: {words}", retry_after=_retry_after(response))
    return UnavailableError(f"the hub answered {status}: {words}", "is this the address of a hub?")


def _words(response: Response) -> str:
    """What the answer says about itself (problem+json), cut short."""
    try:
        value = json.loads(response.body)
        text = value.get("title") or value.get("detail") if isinstance(value, dict) else ""
    except (ValueError, RecursionError):
        text = ""
    return str(text)[:200] if text else f"status {response.status}"


def _retry_after(response: Response) -> float:
    text = response.headers.get("retry-after", "")
    return min(float(text), _MOST_RETRY_AFTER) if text.isascii() and text.isdigit() else 0.0
