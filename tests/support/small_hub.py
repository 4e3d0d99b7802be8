"""A hub's side of the wire in a few lines: what it committed, and receipts of it. Kept apart from the real hub, so
that one misreading of FORMAT.md cannot hide in both."""

from __future__ import annotations

from typing import Any

from watchkeeper.wire import frames, records
from watchkeeper.wire.ranges import Ranges
from watchkeeper.wire.receipt import Receipt


class SmallHub:
    """Takes posts, drops duplicates, honours gaps. `stored` has each record once, in the order in which it came."""

    def __init__(self, incarnation: str = "first") -> None:
        self.incarnation = incarnation
        self.ranges: dict[bytes, Ranges] = {}
        self.crcs: dict[bytes, dict[int, int]] = {}
        self.stored: list[tuple[bytes, int, int, bytes]] = []
        self.gaps: list[dict[str, Any]] = []
        self.lost: dict[bytes, Ranges] = {}
        self.duplicates = 0

    def take(self, body: bytes) -> Receipt:
        post = frames.read_post(body)
        last = 0
        for frame in post.frames:
            assert frame.seq > last, "numbers rise within a post"
            last = frame.seq
            self._take_frame(post.stream, frame)
        return self.receipt(post.stream)

    def _take_frame(self, stream: bytes, frame: frames.Frame) -> None:
        known = self.ranges.setdefault(stream, Ranges())
        if frame.seq in known:
            self.duplicates += 1
            return
        known.add(frame.seq, frame.seq)
        self.crcs.setdefault(stream, {})[frame.seq] = frame.crc
        for index, record in enumerate(records.unpack(frame.payload, frame.count)):
            payload = bytes(record.payload)
            self.stored.append((stream, frame.seq, index, payload))
            if record.kind == records.GAP:
                self._take_gap(records.unpack_json(payload))

    def _take_gap(self, gap: dict[str, Any]) -> None:
        self.gaps.append(gap)
        stream = bytes.fromhex(gap["stream"])
        known = self.ranges.setdefault(stream, Ranges())
        for first, last in known.missing(gap["first"], gap["last"]):
            self.lost.setdefault(stream, Ranges()).add(first, last)
            known.add(first, last)

    def receipt(self, stream: bytes) -> Receipt:
        ranges = self.ranges.get(stream, Ranges())
        check = self.crcs.get(stream, {}).get(ranges.through)
        return Receipt(stream, ranges.copy(), self.incarnation, check)

    def copy(self) -> SmallHub:
        """A backup."""
        twin = SmallHub(self.incarnation)
        twin.ranges = {stream: ranges.copy() for stream, ranges in self.ranges.items()}
        twin.crcs = {stream: dict(crcs) for stream, crcs in self.crcs.items()}
        twin.lost = {stream: ranges.copy() for stream, ranges in self.lost.items()}
        twin.stored = list(self.stored)
        twin.gaps = list(self.gaps)
        twin.duplicates = self.duplicates
        return twin

    def payloads(self) -> list[bytes]:
        """All records but gaps, in the order in which they came."""
        return [payload for _, _, _, payload in self.stored if b'"reason"' not in payload]
