"""The writing side of the spool: how sealed batches reach the disk, and what happens when it does not take them.

Every batch has its number before the disk is asked. What the disk refuses waits in memory; what
memory cannot hold either, and what is given up for room, is owed a gap until a gap names it.
"""

from __future__ import annotations

import errno
import os

from watchkeeper.base.files import write_atomically
from watchkeeper.base.ids import stream_id
from watchkeeper.base.log import Log
from watchkeeper.uplink import gaps, ledger
from watchkeeper.uplink.gaps import Loss
from watchkeeper.uplink.room import Losses, Reserve, newest_snapshots, victims
from watchkeeper.uplink.stream import Stream
from watchkeeper.wire import frames
from watchkeeper.wire.frames import INVENTORY, METRICS, URGENT
from watchkeeper.wire.ranges import Ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from watchkeeper.base.files import Files
    from watchkeeper.uplink.lane import Lane
    from watchkeeper.uplink.ledger import Ledger
    from watchkeeper.uplink.segment import Segment

log = Log(__name__)

LEDGER_NAME = "ledger"
MEMORY_BYTES = 512 << 10
_GAPS_A_BATCH = 500
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Store:
    """The lanes of a spool and its ledger. Not thread-safe: the spool holds the lock.

    `trouble` is what the disk last refused, in words, "" when all is well.
    """

    def __init__(
        self,
        root: str,
        files: Files,
        now: Callable[[], float],
        book: Ledger,
        lanes: dict[int, Lane],
        quota: int,
        most: int,
    ) -> None:
        self.root = root
        self.files = files
        self.now = now
        self.ledger = book
        self.lanes = lanes
        self.trouble = ""
        self.changed = False
        self._quota = quota
        self._segment_bytes = most
        self._reserve = Reserve(files, os.path.join(root, "reserve"))
        self._giving_up = False
        self._owed: list[Loss] = []
        self._said_again: list[bytes] = []

    @property
    def size(self) -> int:
        """Bytes on disk, the reserve included."""
        return sum(lane.size for lane in self.lanes.values()) + (self._reserve.size if self._reserve.held else 0)

    def seal(self, number: int, records: list[bytes]) -> tuple[Stream, int]:
        """Number a batch and hand it to the disk. Never raises for what the disk does."""
        return self.seal_payload(self.lanes[number], len(records), b"".join(records))

    def seal_payload(self, lane: Lane, count: int, payload: bytes) -> tuple[Stream, int]:
        """The same for `count` records that are joined already."""
        stream = lane.live or self._mint(lane)
        seq = stream.last + 1
        frame = frames.seal(seq, count, payload)
        stream.last = seq
        stream.seen = self.now()
        lane.loose.append((stream, seq, frame))
        self._settle(lane)
        while self.size > self._quota and self._give_up(gaps.QUOTA):
            pass
        self._trim()
        return stream, seq

    def _mint(self, lane: Lane) -> Stream:
        stream = Stream(stream_id(), lane.number, self.now())
        self.ledger.streams[stream.id] = stream
        lane.live = stream
        return stream

    def _settle(self, lane: Lane) -> bool:
        """Write what waits in memory; true when nothing waits any more."""
        failures = 0
        while lane.loose and failures < 2:
            stream, seq, frame = lane.loose[0]
            try:
                lane.write(stream, seq, frame, self.now(), self._segment_bytes)
                lane.loose.popleft()
            except OSError as error:
                self.note(error)
                if error.errno in _FULL:
                    if not self._give_up(gaps.DISK_FULL):
                        break
                else:
                    failures += 1
                    lane.retire(self.ledger.streams)
        return not lane.loose

    def sync(self) -> bool:
        """Make everything durable that the disk takes; true when that is all."""
        # Urgent comes last, so that the gaps that the others cost are durable as well.
        durable = [self._sync_lane(self.lanes[number]) for number in (METRICS, INVENTORY, URGENT)]
        if not all(durable):
            self._trim()
            return False
        self._reserve.hold()
        if self._owed or self._said_again:
            return self.declare()
        self.trouble = ""
        return True

    def _sync_lane(self, lane: Lane) -> bool:
        for _ in range(2):
            settled = self._settle(lane)
            try:
                lane.sync()
                return settled
            except OSError as error:
                self.note(error)
                lane.retire(self.ledger.streams)
        return False

    def note(self, error: OSError) -> None:
        """Remember what the disk refused."""
        text = f"{self.root}: {error.strerror or error}"
        if text != self.trouble:
            log.warning("the spool cannot write: %s", text)
        self.trouble = text

    def _trim(self) -> None:
        """Let go of the oldest batches in memory that are more than it may hold."""
        over = sum(lane.loose_size for lane in self.lanes.values()) - MEMORY_BYTES
        while over > 0:
            lane = next(self.lanes[number] for number in (METRICS, INVENTORY, URGENT) if self.lanes[number].loose)
            stream, seq, data = lane.loose.popleft()
            over -= len(data)
            if stream.unreceived([(seq, seq)]):
                frame = frames.read_frame(data)
                loss = Loss(lane.number, stream.id, seq, seq, gaps.NOT_SEALED)
                loss.note(frame)
                self._said_again += gaps.carried(frame) if lane.number == URGENT else []
                self.owe(loss)

    def owe(self, loss: Loss) -> None:
        """Count a loss; the next `declare` names it."""
        self.ledger.streams[loss.stream].gapped.add(loss.first, loss.last)
        self.ledger.lost_batches += loss.batches
        self.ledger.lost_records += loss.records or 0
        self.changed = True
        log.warning(
            "%d batches (%s) of lane %s are lost: %s",
            loss.batches,
            "an unknown number of records" if loss.records is None else f"{loss.records} records",
            frames.LANES[loss.lane],
            loss.reason,
        )
        if self._owed and loss.follows(self._owed[-1]):
            self._owed[-1].join(loss)
        else:
            self._owed.append(loss)

    def declare(self) -> bool:
        """Write gaps for all that is owed one; true when they are durable."""
        now = self.now()
        records = [gaps.pack(loss, now) for loss in self._owed] + self._said_again
        self._owed, self._said_again = [], []
        for start in range(0, len(records), _GAPS_A_BATCH):
            self.seal(URGENT, records[start : start + _GAPS_A_BATCH])
        return self._sync_lane(self.lanes[URGENT])

    @property
    def owes(self) -> bool:
        return bool(self._owed or self._said_again)

    def _give_up(self, reason: str) -> bool:
        """Make room by one segment, in the order of `victims`; false when nothing more may go."""
        if self._giving_up:
            return False
        self._giving_up = True
        try:
            for lane, segment in list(victims(self.lanes, self.ledger.streams)):
                if lane.number == URGENT and segment is lane.active:
                    continue  # it takes the gaps that this costs
                if not segment.done and reason == gaps.DISK_FULL:
                    self._reserve.release()
                try:
                    if self._drop(lane, segment, reason):
                        self._reserve.hold()
                        return True
                except OSError as error:
                    self.note(error)
            return False
        finally:
            self._giving_up = False

    def _drop(self, lane: Lane, segment: Segment, reason: str) -> bool:
        """Give up a segment once a durable gap names what that loses. Raises OSError."""
        if segment is lane.active:
            self.finish(lane)
        spared = self._spared(lane, segment)
        if spared and not any(spared.missing(low, high) for low, high in segment.held):
            return False
        cost = Losses(lane, segment, self.ledger.streams[segment.stream], spared, reason)
        for loss in cost.losses:
            self.owe(loss)
        self._said_again += cost.carried
        if cost.losses and not self.declare():
            return False
        if self.changed:
            self.save()
        if spared:
            lane.rewrite(segment, spared)
        else:
            lane.remove(segment)
        return True

    def _spared(self, lane: Lane, segment: Segment) -> Ranges:
        """The newest snapshot of each kind stays as long as the hub lacks it."""
        if lane.number != INVENTORY or segment.done:
            return Ranges()
        stream = self.ledger.streams[segment.stream]
        newest = newest_snapshots(lane).values()
        return Ranges(
            (seq, seq)
            for id, seq in newest
            if id == segment.stream and seq in segment.held and stream.unsent([(seq, seq)])
        )

    def finish(self, lane: Lane) -> None:
        """Let the growing segment grow no more, whatever the disk says."""
        try:
            lane.roll()
        except OSError as error:
            self.note(error)
            lane.retire(self.ledger.streams)

    def discard(self, lane: Lane, segment: Segment) -> None:
        """Delete a segment that the hub has."""
        try:
            lane.remove(segment)
        except OSError as error:
            self.note(error)

    def save(self) -> None:
        """Write the ledger, if the disk lets us."""
        self.ledger.prune({segment.stream for lane in self.lanes.values() for segment in lane.segments} | self._live())
        try:
            write_atomically(os.path.join(self.root, LEDGER_NAME), ledger.pack(self.ledger), files=self.files)
            self.changed = False
        except OSError as error:
            self.note(error)

    def _live(self) -> set[bytes]:
        return {lane.live.id for lane in self.lanes.values() if lane.live} | {
            stream.id for lane in self.lanes.values() for stream, _, _ in lane.loose
        }
