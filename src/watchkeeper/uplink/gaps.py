"""Gaps: records that name what was lost. Bytes: wire/FORMAT.md."""

from __future__ import annotations

from watchkeeper.base import json
from watchkeeper.base.errors import FormatError
from watchkeeper.wire import records
from watchkeeper.wire.frames import LANES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.wire.frames import Frame

QUOTA, DISK_FULL, DAMAGED, HUB_RESTORED, NOT_SEALED = "quota", "disk full", "damaged", "hub restored", "not sealed"
ROLLED_BACK = "rolled back"


class Loss:
    """Batches `first` … `last` of a stream that will never come.

    `records`, `start` and `end` (wall-clock seconds of the lost data) are None when not known.
    """

    __slots__ = ("end", "first", "lane", "last", "reason", "records", "start", "stream")

    def __init__(
        self,
        lane: int,
        stream: bytes,
        first: int,
        last: int,
        reason: str,
        records: int | None = None,
        start: float | None = None,
        end: float | None = None,
    ) -> None:
        self.lane = lane
        self.stream = stream
        self.first = first
        self.last = last
        self.reason = reason
        self.records = records
        self.start = start
        self.end = end

    @property
    def batches(self) -> int:
        return self.last - self.first + 1

    def note(self, frame: Frame) -> None:
        """Count one more batch of this loss, which was still there to be looked at."""
        self.records = (self.records or 0) + frame.count
        time = frame_time(frame)
        if time is not None:
            self.start = time if self.start is None else min(self.start, time)
            self.end = time if self.end is None else max(self.end, time)

    def follows(self, other: Loss) -> bool:
        """Whether it continues `other`, so that one gap can name both."""
        return (other.stream, other.reason, other.last + 1) == (self.stream, self.reason, self.first)

    def join(self, later: Loss) -> None:
        """Let this loss name `later` as well, which follows it."""
        self.last = later.last
        known = self.records is not None and later.records is not None
        self.records = (self.records or 0) + (later.records or 0) if known else None
        times = [time for time in (self.start, later.start, self.end, later.end) if time is not None]
        self.start, self.end = (min(times), max(times)) if times else (None, None)


def pack(loss: Loss, time: float) -> bytes:
    """The gap record that declares `loss`."""
    return records.pack_json(
        records.GAP,
        {
            "lane": LANES[loss.lane],
            "stream": loss.stream.hex(),
            "first": loss.first,
            "last": loss.last,
            "records": loss.records,
            "from": loss.start,
            "to": loss.end,
            "reason": loss.reason,
            "time": time,
        },
    )


def carried(frame: Frame) -> list[bytes]:
    """The gap records inside a batch that is itself about to be lost: they must be said again."""
    try:
        return [
            records.pack(records.GAP, bytes(record.payload))
            for record in records.unpack(frame.payload, frame.count)
            if record.kind == records.GAP
        ]
    except FormatError:
        return []


def frame_time(frame: Frame) -> float | None:
    """The time of the first record in the batch that tells one, in wall-clock seconds."""
    try:
        for record in records.unpack(frame.payload, frame.count):
            if record.kind == records.REPORT:
                return records.unpack_report(record.payload).time
            if record.kind != records.SCHEMA:
                return _json_time(bytes(record.payload))
    except FormatError:
        pass
    return None


def _json_time(payload: bytes) -> float | None:
    # A snapshot can be a megabyte of JSON; its time stands near the beginning.
    at = payload.find(b'"time":')
    if at < 0:
        return None
    text = payload[at + 7 : at + 40].split(b",", 1)[0].split(b"}", 1)[0]
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return float(value) if isinstance(value, (int, float)) else None


def snapshot_kinds(frame: Frame) -> list[str]:
    """The kinds of inventory that a batch has snapshots of."""
    found: list[str] = []
    try:
        for record in records.unpack(frame.payload, frame.count):
            if record.kind == records.SNAPSHOT:
                head = bytes(record.payload[:200])
                at = head.find(b'"kind":"')
                found.append(head[at + 8 : head.find(b'"', at + 8)].decode("utf-8", "replace") if at >= 0 else "")
    except FormatError:
        pass
    return found
