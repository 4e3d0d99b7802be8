"""The spool: the durable log of batches that no hub has receipted yet.

spool = Spool("/var/lib/watchkeeper/spool")
stream, seq = spool.append(METRICS, [record])
spool.sync()                       # now it survives a power cut, and may be sent
post = spool.next_post()
spool.accept(receipt)              # only a receipt lets a batch be deleted
spool.close()
"""

from __future__ import annotations

import os
import threading

from watchkeeper.base.clock import Clock
from watchkeeper.base.errors import StorageError, TooLargeError
from watchkeeper.base.files import Files
from watchkeeper.base.log import Log
from watchkeeper.uplink import gaps, opening, outgoing, recovery
from watchkeeper.uplink.measure import measure
from watchkeeper.uplink.outgoing import Outgoing
from watchkeeper.uplink.rollback import is_rolled_back, move_on
from watchkeeper.wire.frames import LANES
from watchkeeper.wire.ranges import Ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    from watchkeeper.uplink.lane import Lane
    from watchkeeper.uplink.segment import Segment
    from watchkeeper.uplink.stream import Stream
    from watchkeeper.wire.receipt import Receipt

log = Log(__name__)

_CLEAN_SECONDS = 10.0
_SAVE_SECONDS = 300.0
_MOST_RECEIPTED_SEGMENTS = 512
_READ_TRIES = 3


class Spool:
    """Batches of three lanes in a folder that one process at a time may open.

    Every method may be called from any thread. A full, failing or read-only disk never raises out of
    `append` and `sync`: what cannot be kept is counted and becomes a gap.
    """

    def __init__(
        self,
        path: str,
        quota_bytes: int = 256 << 20,
        keep_seconds: float = 48 * 3600.0,
        clock: Clock | None = None,
        files: Files | None = None,
        segment_bytes: int = 8 << 20,
    ) -> None:
        """Open and recover. Raises ConflictError when another process has it open, StorageError when it cannot be made.

        `quota_bytes` bounds all segments together; receipted ones are kept `keep_seconds` for a hub
        that is restored from a backup, and go first when room is needed.
        """
        self._clock = clock or Clock()
        self._files = files or Files()
        self._keep = keep_seconds
        # A date that is set while we run must not make what we keep look old.
        self._offset = self._clock.wall() - self._clock.monotonic()
        self._guard = threading.RLock()
        self._lock = opening.lock(self._files, path)
        self._closed = False
        most = max(min(segment_bytes, quota_bytes // 8), 4 << 10)
        try:
            self._store = opening.open_store(path, self._files, self._now, quota_bytes, most)
        except BaseException:
            self._unlock()
            raise
        self._damaged = os.path.join(path, opening.DAMAGED_NAME)
        self._saved = self._clock.monotonic()
        self._cleaned = self._saved - _CLEAN_SECONDS
        self._unreadable: dict[str, int] = {}

    def _now(self) -> float:
        return self._clock.monotonic() + self._offset

    @property
    def incarnation(self) -> str:
        """The hub's, as far as all receipts of it are known; "" before the first."""
        return self._store.ledger.incarnation

    def append(self, lane: int, records: list[bytes]) -> tuple[bytes, int]:
        """Seal `records` (packed, see wire.records) as one batch and give its (stream, seq). Not yet durable.

        Raises TooLargeError when they do not fit into one post, StorageError after `close`.
        """
        if lane not in LANES or not records:
            raise ValueError("a batch needs a lane and at least one record")
        payload = b"".join(records)
        if not outgoing.fits_a_post(payload):
            raise TooLargeError(f"{len(payload)} bytes do not fit into one batch", "split the records")
        with self._guard:
            if self._closed:
                raise StorageError("the spool is closed")
            stream, seq = self._store.seal_payload(self._store.lanes[lane], len(records), payload)
            return stream.id, seq

    def sync(self) -> None:
        """Make everything that was appended durable. On a sick disk what fits waits in memory."""
        with self._guard:
            if not self._closed:
                self._store.sync()
                self._clean()

    def next_post(self, max_bytes: int = 256 << 10, skip: Container[bytes] = ()) -> Outgoing | None:
        """The next batches to send, None when the hub has all that is durable.

        Urgent comes before inventory before metrics, leaving out the streams in `skip`; the oldest
        stream comes first. Until a receipt comes, the same batches are picked again.
        """
        with self._guard:
            if self._closed:
                return None
            if self._store.owes:
                self._store.declare()
            for lane in self._store.lanes.values():
                post = self._pick(lane, max_bytes, skip)
                if post is not None:
                    stream = self._store.ledger.streams[post.stream]
                    stream.tail, stream.sent = (post.last, post.crc), max(stream.sent, post.last)
                    return post
            return None

    def _pick(self, lane: Lane, max_bytes: int, skip: Container[bytes]) -> Outgoing | None:
        while True:
            try:
                return outgoing.pick(lane, self._store.ledger.streams, max_bytes, skip)
            except outgoing.UnreadableError as error:
                if error.failed is not None:
                    tries = self._unreadable.get(error.segment.path, 0) + 1
                    self._unreadable[error.segment.path] = tries
                    log.warning("%s cannot be read, try %d: %s", error.segment.path, tries, error.failed)
                    if tries < _READ_TRIES:
                        return None
                    del self._unreadable[error.segment.path]
                self._examine(lane, error.segment)

    def _examine(self, lane: Lane, segment: Segment) -> None:
        """A segment is no longer what it was: find what is left of it, and declare the rest."""
        if segment is lane.active:
            self._store.finish(lane)
        found = recovery.examine(self._files, segment, lane.number, self._now())
        if found is None:
            recovery.set_aside(self._files, lane, segment, self._damaged)
        opening.declare_missing(self._store, self._store.ledger.streams[segment.stream])
        self._mark_done(segment)
        if self._store.sync() and found is not None and found.bad:
            recovery.mend(self._files, lane, found, self._damaged)

    def accept(self, receipt: Receipt) -> bool:
        """Take the hub's word for what it has of a stream.

        False means that the hub was restored: it lost what it had, or its incarnation is not the known one. Then
        ask for the receipts of all `streams(everything=True)`, accept them, and `settle`.
        """
        with self._guard:
            store = self._store
            stream = store.ledger.streams.get(receipt.stream)
            if self._closed:
                return True
            if stream is None:
                log.warning("the hub receipts a stream that this spool does not know: %s", receipt.stream.hex())
                return receipt.incarnation == self.incarnation
            lane = store.lanes[stream.lane]
            reason, restored = gaps.DAMAGED, False
            if is_rolled_back(lane, stream, receipt):
                reason = gaps.ROLLED_BACK
                move_on(store, lane, stream, receipt)
            elif stream.take(receipt):
                log.warning("the hub lost what it had of lane %s: it was restored; sending again", lane.name)
                reason, restored = gaps.HUB_RESTORED, True
            elif stream.received.last > stream.last:
                reason = gaps.ROLLED_BACK
            stream.last = max(stream.last, stream.received.last)
            self._after_receipt(lane, stream, reason)
            return receipt.incarnation == self.incarnation and not restored

    def _after_receipt(self, lane: Lane, stream: Stream, reason: str) -> None:
        for _ in range(len(lane.loose)):
            owner, seq, frame = lane.loose.popleft()
            if owner is not stream or stream.unreceived([(seq, seq)]):
                lane.loose.append((owner, seq, frame))
        for segment in lane.of(stream.id):
            self._mark_done(segment)
        opening.declare_missing(self._store, stream, reason)
        self._store.changed = True

    def _mark_done(self, segment: Segment) -> None:
        done = not self._store.ledger.streams[segment.stream].unreceived(segment.held)
        if done and not segment.done:
            segment.since = self._now()
        segment.done = done

    def streams(self, everything: bool = False) -> list[bytes]:
        """The streams whose receipts matter on a new connection: unsent or still growing; or all that are known."""
        with self._guard:
            if everything or not self.incarnation:
                return list(self._store.ledger.streams)
            found = dict.fromkeys(
                segment.stream for lane in self._store.lanes.values() for segment in lane.segments if not segment.done
            )
            found.update((lane.live.id, None) for lane in self._store.lanes.values() if lane.live)
            return list(found)

    def settle(self, incarnation: str) -> None:
        """All receipts of this incarnation of the hub were accepted."""
        with self._guard:
            if incarnation != self.incarnation and not self._closed:
                self._store.ledger.incarnation = incarnation
                self._store.save()

    def note_custody(self, stream: bytes, ranges: Ranges) -> None:
        """Somebody else holds a synced copy of these batches: not sent again, and the first to be dropped for room."""
        with self._guard:
            known = self._store.ledger.streams.get(stream)
            if known is not None:
                known.custody = ranges.copy()

    def stats(self) -> dict[str, object]:
        """`{"bytes": on disk, "batches": unreceipted, "oldest": wall seconds or None, "lost_batches", "lost_records",
        "in_memory": batches that no file has, "trouble": words or "", "lanes": {"metrics": {"bytes", "batches",
        "oldest"}, …}}`."""
        with self._guard:
            return measure(self._store)

    def close(self) -> None:
        """Sync, remember, release the lock. A sender that is still at it finds nothing to do from then on."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            self._store.sync()
            for lane in self._store.lanes.values():
                if lane.active is not None:
                    lane.active.finish(self._files)
                    lane.active = None
            self._store.save()
            self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._files.close(self._lock)
            self._lock = None

    def _clean(self) -> None:
        """Delete what the hub has had for long enough; now and then write the ledger."""
        tick = self._clock.monotonic()
        if tick - self._cleaned < min(_CLEAN_SECONDS, self._keep):
            return
        self._cleaned = tick
        old = [(lane, segment) for lane in self._store.lanes.values() for segment in self._outlived(lane)]
        if old or (self._store.changed and tick - self._saved >= _SAVE_SECONDS):
            self._store.save()
            self._saved = tick
        for lane, segment in old:
            self._store.discard(lane, segment)

    def _outlived(self, lane: Lane) -> list[Segment]:
        done = [segment for segment in lane.segments if segment.done and segment is not lane.active]
        surplus = len(done) - _MOST_RECEIPTED_SEGMENTS
        limit = self._now() - self._keep
        return [
            segment for at, segment in enumerate(done) if at < surplus or segment.since <= limit or not segment.held
        ]
