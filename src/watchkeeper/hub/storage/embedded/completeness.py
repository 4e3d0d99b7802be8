"""How much of a host's data arrived."""

from __future__ import annotations

import sqlite3

import msgspec
import numpy as np

from watchkeeper.hub.model.records import Completeness, Floats
from watchkeeper.hub.storage.embedded import documents
from watchkeeper.hub.storage.embedded.connection import Readers
from watchkeeper.hub.storage.embedded.journal import Places
from watchkeeper.hub.storage.embedded.ranges import Horizons
from watchkeeper.hub.storage.embedded.reading import Reader, host_canvas
from watchkeeper.hub.storage.embedded.rollups import REPORTS, roll

# Late reports closer together than this many seconds are one span.
SPAN_GAP = 300.0


class Arrivals(msgspec.Struct):
    """How many reports lie at each time (a report's own, or the start of a rollup's step), how many of them late."""

    times: Floats
    reports: Floats
    late: Floats
    tier: int


class Completenesses:
    """Answers how complete a host's data is, from reports or rollups."""

    def __init__(self, readers: Readers, reader: Reader) -> None:
        self._readers = readers
        self._reader = reader

    def query(self, host: int, start: float, end: float, buckets: int, horizons: Horizons) -> Completeness:
        """See RecordStore.completeness. Where rollups serve, a step begins at a multiple of theirs."""
        step = (end - start) / buckets
        tier = horizons.tier(start, step)
        first = start if tier == 0 else start // tier * tier
        places = self._reader.places(host, first, end)
        with self._readers.snapshot("reading what arrived") as db:
            if tier == 0:
                block = self._reader.read(db, host, places, start, end, (), origins=True)
                late = (block.origins["late"] > 0).astype(np.float64)
                arrivals = Arrivals(block.times, np.ones(len(block)), late, 0)
            else:
                arrivals = self._rolled(db, host, places, tier, int(first), end)
            gaps = documents.find_gaps(db, host, start, end)
            duplicates, quarantined = documents.host_counts(db, host)
        edges = np.linspace(start, end, buckets + 1)
        at = np.maximum(arrivals.times, start)
        received = np.histogram(at, edges, weights=arrivals.reports)[0]
        late = np.histogram(at, edges, weights=arrivals.late)[0]
        return Completeness(
            start,
            end,
            step,
            np.rint(received).astype(int).tolist(),
            np.rint(late).astype(int).tolist(),
            _late_spans(arrivals),
            gaps,
            duplicates,
            quarantined,
        )

    def _rolled(self, db: sqlite3.Connection, host: int, places: Places, tier: int, start: int, end: float) -> Arrivals:
        canvas = host_canvas(db, host, tier, REPORTS, start, int(-(-end // tier)) * tier)
        for first, last in self._reader.touched(db, host, places):
            block = self._reader.read(db, host, places, first, last, (), origins=True)
            canvas.override(0, roll(block, tier, first, last - first)[1], 0, first)
        count = canvas.rolled.count[0].astype(np.float64)
        late = np.where(count > 0, canvas.rolled.mean[0] * count, 0.0)
        times = start + tier * np.arange(len(count), dtype=np.float64)
        return Arrivals(times[count > 0], count[count > 0], late[count > 0], tier)


def _late_spans(arrivals: Arrivals) -> list[tuple[float, float]]:
    """The stretches of time, in seconds since 1970, whose data came late."""
    times = arrivals.times[arrivals.late > 0]
    if not len(times):
        return []
    breaks = np.flatnonzero(np.diff(times) > max(SPAN_GAP, arrivals.tier))
    firsts = times[np.concatenate([[0], breaks + 1])]
    lasts = times[np.concatenate([breaks, [len(times) - 1]])] + arrivals.tier
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))
