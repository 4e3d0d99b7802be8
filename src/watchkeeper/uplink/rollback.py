"""A machine that was rolled back while it ran numbers batches that its other future has numbered before."""

from __future__ import annotations

from watchkeeper.base.log import Log
from watchkeeper.uplink.outgoing import crc_of
from watchkeeper.wire.frames import read_frame
from watchkeeper.wire.ranges import Ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.uplink.lane import Lane
    from watchkeeper.uplink.segment import Segment
    from watchkeeper.uplink.store import Store
    from watchkeeper.uplink.stream import Stream
    from watchkeeper.wire.receipt import Receipt

log = Log(__name__)


def is_rolled_back(lane: Lane, stream: Stream, receipt: Receipt) -> bool:
    """Whether the hub holds batches under our numbers that this process never sealed.

    A stream of an earlier opening is frozen: that the hub has more of it only means that the disk
    is an older copy, whose batches are the same.
    """
    ours = _ours(lane, stream, receipt.through) if receipt.check is not None and receipt.through else None
    if ours is not None and ours != receipt.check:
        return True
    return lane.live is stream and _unsent(stream, receipt.ranges, 0 if ours is None else receipt.through)


def _ours(lane: Lane, stream: Stream, seq: int) -> int | None:
    """The checksum of our batch `seq`, None when it cannot be told: not durable yet, or not kept any more."""
    for known in (stream.tail, stream.check):
        if known is not None and known[0] == seq:
            return known[1]
    try:
        return crc_of(lane, stream.id, seq)
    except OSError:
        return None


def _unsent(stream: Stream, ranges: Ranges, agreed: int) -> bool:
    """Whether `ranges` hold numbers that nobody can have from us: neither sent, nor declared as lost.

    Up to `agreed` the batches are known to be the same.
    """
    ours = max(stream.sent, agreed)
    beyond = [(max(low, ours + 1), high) for low, high in ranges if high > ours]
    for known in (stream.received, stream.gapped):
        beyond = [pair for low, high in beyond for pair in known.missing(low, high)]
    return bool(beyond)


def move_on(store: Store, lane: Lane, stream: Stream, receipt: Receipt) -> None:
    """Seal again, in a new stream, all that no matching receipt covers; then take the hub's ranges.

    A crash between the two leaves the batches in both streams: they come twice rather than never.
    """
    log.warning("the hub holds other batches under numbers of lane %s: this machine was rolled back", lane.name)
    if lane.live is stream:
        lane.live = None
    if lane.active is not None and lane.active.stream == stream.id:
        store.finish(lane)
    loose = [entry for entry in lane.loose if entry[0] is stream]
    for entry in loose:
        lane.loose.remove(entry)
    moved = 0
    for segment in lane.of(stream.id):
        moved += _move(store, lane, segment, Ranges(stream.unreceived(segment.held)))
    for _, seq, data in loose:
        if seq not in stream.received:
            frame = read_frame(data)
            store.seal_payload(lane, frame.count, bytes(frame.payload))
            moved += 1
    stream.received = receipt.ranges.copy()
    stream.last = receipt.ranges.last
    stream.check = stream.tail = None
    log.warning("%d batches of lane %s were moved into a new stream", moved, lane.name)


def _move(store: Store, lane: Lane, segment: Segment, wanted: Ranges) -> int:
    """Seal the batches `wanted` of a finished segment again, and keep only the others in it."""
    if not wanted:
        return 0
    moved = 0
    keep = Ranges(pair for low, high in segment.held for pair in wanted.missing(low, high))
    try:
        for found in lane.read(segment):
            if found.frame is not None and found.frame.seq in wanted:
                store.seal_payload(lane, found.frame.count, bytes(found.frame.payload))
                moved += 1
        store.sync()
        segment.held = keep
        if keep:
            lane.rewrite(segment, keep)
        else:
            lane.remove(segment)
    except OSError as error:
        store.note(error)
    return moved
