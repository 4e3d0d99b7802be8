"""One host's series over any range, at the resolution that the range and the points allow."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec
import numpy as np

from watchkeeper.hub.model.records import Floats, Line, Range, Series
from watchkeeper.hub.storage.embedded.block import Block
from watchkeeper.hub.storage.embedded.connection import Readers
from watchkeeper.hub.storage.embedded.journal import Places
from watchkeeper.hub.storage.embedded.names import Names
from watchkeeper.hub.storage.embedded.rates import with_rates
from watchkeeper.hub.storage.embedded.reading import Reader, host_canvas
from watchkeeper.hub.storage.embedded.rollups import Canvas, roll
from watchkeeper.hub.storage.embedded.steps import (
    FIVE_MINUTES,
    HOUR,
    RESOLUTIONS,
    Stats,
    Steps,
    combine,
    stats_of,
    steps_of,
)
from watchkeeper.wire.records import COUNTER, GAUGE

# A rate at the start of a range needs the report before it.
LEAD = 300.0


class Horizons(msgspec.Struct):
    """From when on there is data at each resolution, seconds since 1970."""

    raw: float
    five_minutes: float

    def tier(self, start: float, step: float) -> int:
        """The finest tier that reaches back to `start` and is not finer than a step needs; 0 is raw."""
        if step < FIVE_MINUTES and start >= self.raw:
            return 0
        return FIVE_MINUTES if step < HOUR and start >= self.five_minutes else HOUR


class Ranges:
    """Answers range queries from reports or rollups."""

    def __init__(self, readers: Readers, names: Names, reader: Reader) -> None:
        self._readers = readers
        self._names = names
        self._reader = reader

    def range(
        self,
        host: int,
        wanted: Sequence[str],
        start: float,
        end: float,
        points: int,
        rate: bool,
        horizons: Horizons,
    ) -> Range:
        """See RecordStore.range."""
        numbers = {number for name in wanted for number in self._names.named(name)}
        tier = horizons.tier(start, (end - start) / max(points, 1))
        if tier == 0:
            return self._raw(host, wanted, numbers, start, end, points, rate)
        return self._rolled(host, wanted, numbers, tier, steps_of(start, end, points, tier), start, end)

    def _raw(
        self, host: int, wanted: Sequence[str], numbers: set[int], start: float, end: float, points: int, rate: bool
    ) -> Range:
        counters = self._counters(numbers) if rate else set()
        first = start - LEAD if counters else start
        places = self._reader.places(host, first, end)
        with self._readers.snapshot("reading a range") as db:
            block = self._reader.read(db, host, places, first, end, numbers)
        block = with_rates(block, counters).window(start, end)
        lines = [(self._series(block.columns, name), self._values(block, name)) for name in wanted]
        if len(block) <= points:
            step = float(np.median(np.diff(block.times))) if len(block) > 1 else max(end - start, 1.0)
            whole = [Line(series, values, values, values) for series, values in lines]
            return Range(start, end, step, RESOLUTIONS[0], block.times, whole)
        steps = steps_of(start, end, points)
        stepped = [_line(series, stats_of(block.times, values, steps)) for series, values in lines]
        return Range(start, end, steps.step, RESOLUTIONS[0], steps.times(), stepped)

    def _counters(self, numbers: set[int]) -> set[int]:
        return {number for number in numbers if self._names[number].kind == COUNTER}

    def _series(self, present: dict[int, Floats], name: str) -> Series:
        """The series of that name: the one with data, else any known, else a plain one."""
        numbers = self._names.named(name)
        found = [number for number in numbers if number in present] or numbers
        return self._names[found[-1]] if found else Series(name, GAUGE, "")

    def _values(self, block: Block, name: str) -> Floats:
        """The values under a name, whatever its kind and unit were at the time."""
        found: Floats | None = None
        for number in self._names.named(name):
            column = block.columns.get(number)
            if column is not None:
                found = column if found is None else np.where(np.isnan(found), column, found)
        return np.full(len(block), np.nan) if found is None else found

    def _rolled(
        self, host: int, wanted: Sequence[str], numbers: set[int], tier: int, steps: Steps, start: float, end: float
    ) -> Range:
        first, last = int(steps.start), int(steps.end)
        places = self._reader.places(host, first - LEAD, last)
        with self._readers.snapshot("reading a range") as db:
            canvases = {number: host_canvas(db, host, tier, number, first, last) for number in numbers}
            self._lay_open(db, host, places, canvases)
        lines = [self._rolled_line(canvases, name, steps) for name in wanted]
        return Range(start, end, steps.step, RESOLUTIONS[tier], steps.times(), lines)

    def _lay_open(self, db: sqlite3.Connection, host: int, places: Places, canvases: dict[int, Canvas]) -> None:
        """Recompute the hours that the journal still adds to."""
        for start, end in self._reader.touched(db, host, places):
            block = self._reader.read(db, host, places, start - LEAD, end, canvases)
            block = with_rates(block, self._counters(set(canvases))).window(start, end)
            for tier in {canvas.tier for canvas in canvases.values()}:
                series, rolled = roll(block, tier, start, end - start)
                for at, number in enumerate(series):
                    if number in canvases:
                        canvases[number].override(0, rolled, at, start)

    def _rolled_line(self, canvases: dict[int, Canvas], name: str, steps: Steps) -> Line:
        mine = {number: canvases[number] for number in self._names.named(name)}
        known = {number: canvas for number, canvas in mine.items() if canvas.rolled.count.any()}
        parts = [_stats(canvas) for canvas in known.values()]
        if not parts:
            nothing = np.full(steps.count, np.nan)
            return Line(self._series({}, name), nothing, nothing, nothing)
        times = np.concatenate([times for times, _ in parts])
        order = np.argsort(times, kind="stable")
        joined = Stats(
            *[np.concatenate([getattr(part, one) for _, part in parts])[order] for one in Stats.__struct_fields__]
        )
        series = self._series(dict.fromkeys(known, times), name)
        return _line(series, combine(times[order], joined, steps))


def _stats(canvas: Canvas) -> tuple[Floats, Stats]:
    rolled = canvas.rolled
    times = canvas.start + canvas.tier * np.arange(rolled.count.shape[1], dtype=np.float64)
    parts = (rolled.low[0], rolled.mean[0], rolled.high[0], rolled.count[0])
    return times, Stats(*[part.astype(np.float64) for part in parts])


def _line(series: Series, stats: Stats) -> Line:
    return Line(series, stats.low, stats.mean, stats.high)
