"""How full a spool is, for the agent's own report and status."""

from __future__ import annotations

from watchkeeper.uplink.gaps import frame_time
from watchkeeper.uplink.stream import count
from watchkeeper.wire.frames import read_frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.uplink.lane import Lane
    from watchkeeper.uplink.segment import Segment
    from watchkeeper.uplink.store import Store


def measure(store: Store) -> dict[str, object]:
    """The figures that Spool.stats promises."""
    lanes = {lane.name: _measure_lane(store, lane) for lane in store.lanes.values()}
    oldest = [float(figures["oldest"]) for figures in lanes.values() if figures["oldest"] is not None]
    return {
        "bytes": store.size,
        "batches": sum(int(figures["batches"] or 0) for figures in lanes.values()),
        "oldest": min(oldest) if oldest else None,
        "lost_batches": store.ledger.lost_batches,
        "lost_records": store.ledger.lost_records,
        "in_memory": sum(len(lane.loose) for lane in store.lanes.values()),
        "trouble": store.trouble,
        "lanes": lanes,
    }


def _measure_lane(store: Store, lane: Lane) -> dict[str, float | None]:
    streams = store.ledger.streams
    waiting = sum(
        count(streams[segment.stream].unreceived(segment.held)) for segment in lane.segments if not segment.done
    )
    loose = sum(1 for stream, seq, _ in lane.loose if seq not in stream.received)
    oldest = _oldest(store, lane) if waiting + loose else None
    return {"bytes": lane.size, "batches": waiting + loose, "oldest": oldest}


def _oldest(store: Store, lane: Lane) -> float | None:
    """When the oldest unreceipted batch was taken, in wall-clock seconds."""
    for segment in lane.segments:
        if segment.done:
            continue
        wanted = store.ledger.streams[segment.stream].unreceived(segment.durable)
        if not wanted:
            continue
        first = wanted[0][0]
        if segment.oldest is None or segment.oldest[0] != first:
            segment.oldest = (first, _time_of(lane, segment, first))
        return segment.oldest[1]
    return frame_time(read_frame(lane.loose[0][2])) if lane.loose else None


def _time_of(lane: Lane, segment: Segment, seq: int) -> float | None:
    try:
        for found in lane.read(segment, segment.offset_before(seq)):
            if found.frame is not None and found.frame.seq >= seq:
                return frame_time(found.frame)
    except OSError:
        pass
    return None
