"""What a spool gives up when there is no more room, in which order, and what that loses."""

from __future__ import annotations

import os

from watchkeeper.uplink import gaps
from watchkeeper.uplink.gaps import Loss
from watchkeeper.wire.frames import INVENTORY, METRICS, URGENT
from watchkeeper.wire.ranges import Ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchkeeper.base.files import Files
    from watchkeeper.uplink.lane import Lane
    from watchkeeper.uplink.segment import Segment
    from watchkeeper.uplink.stream import Stream


def victims(lanes: dict[int, Lane], streams: dict[bytes, Stream]) -> Iterator[tuple[Lane, Segment]]:
    """Segments in the order in which they are given up.

    First what the hub has, then what a custodian has, then the oldest metrics, inventory, urgent.
    """
    ordered = [
        (lanes[number], segment) for number in (METRICS, INVENTORY, URGENT) for segment in lanes[number].segments
    ]
    received = [(lane, segment) for lane, segment in ordered if segment.done]
    yield from sorted(received, key=lambda pair: pair[1].header.created)
    waiting = [(lane, segment) for lane, segment in ordered if not segment.done]
    # Sorting keeps the order among equals: those in custody first, else as they stand.
    yield from sorted(waiting, key=lambda pair: bool(streams[pair[1].stream].unsent(pair[1].held)))


class Losses:
    """What giving up the undeclared batches of a segment loses, and the gap records inside that must be said again."""

    def __init__(self, lane: Lane, segment: Segment, stream: Stream, spared: Ranges, reason: str) -> None:
        """Read the segment. What cannot be read is lost all the same, uncounted."""
        undeclared = [
            pair for low, high in stream.unreceived(segment.held) for pair in stream.gapped.missing(low, high)
        ]
        lost = [pair for low, high in undeclared for pair in spared.missing(low, high)]
        self.losses = [Loss(lane.number, stream.id, low, high, reason) for low, high in lost]
        self.carried: list[bytes] = []
        self._look(lane, segment, Ranges(lost))

    def _look(self, lane: Lane, segment: Segment, lost: Ranges) -> None:
        if not lost:
            return
        at = 0
        try:
            for found in lane.read(segment):
                if found.frame is None or found.frame.seq not in lost:
                    continue
                while self.losses[at].last < found.frame.seq:
                    at += 1
                self.losses[at].note(found.frame)
                self.carried += gaps.carried(found.frame) if lane.number == URGENT else []
        except OSError:
            for loss in self.losses:
                loss.records = None


def newest_snapshots(lane: Lane) -> dict[str, tuple[bytes, int]]:
    """The batch (stream, seq) with the newest snapshot of each kind. Raises OSError."""
    newest: dict[str, tuple[bytes, int]] = {}
    for segment in lane.segments:
        for found in lane.read(segment):
            if found.frame is not None:
                for kind in gaps.snapshot_kinds(found.frame):
                    newest[kind] = (segment.stream, found.frame.seq)
    return newest


class Reserve:
    """Disk space put by, so that a full disk can still take the gap that says what it cost."""

    def __init__(self, files: Files, path: str, size: int = 64 << 10) -> None:
        self._files = files
        self._path = path
        self.size = size
        self.held = False

    def hold(self) -> None:
        """Put the space by, if there is room."""
        if self.held:
            return
        try:
            fd = self._files.open(self._path, os.O_RDWR | os.O_CREAT)
            try:
                # Bytes that compress would not keep their place on every file system.
                if self._files.size(fd) < self.size:
                    self._files.write(fd, os.urandom(self.size))
                    self._files.sync(fd)
            finally:
                self._files.close(fd)
            self.held = True
        except OSError:
            self.release()

    def release(self) -> None:
        """Give the space back to the file system."""
        self.held = False
        try:
            self._files.unlink(self._path)
        except OSError:
            pass  # it was not there
