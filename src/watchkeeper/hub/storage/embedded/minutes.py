"""Minute means of every series of one host over the last hour. A counter's is its rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from watchkeeper.hub.model.records import Floats
from watchkeeper.hub.storage.embedded.names import Names
from watchkeeper.hub.storage.embedded.rates import PAUSE
from watchkeeper.wire.records import COUNTER

MINUTES = 64
Float32s = NDArray[np.float32]
Places = NDArray[np.int64] | slice | None


class _Shape:
    """Where the values of one schema go: the ring's row of each, and which are counters."""

    __slots__ = ("counter_rows", "counters", "rows")

    def __init__(self, rows: Sequence[int], counters: Sequence[int]) -> None:
        self.rows = _run(rows)
        self.counters = _run(counters)
        self.counter_rows = _run([rows[at] for at in counters])


def _run(places: Sequence[int]) -> Places:
    """`places` as an index: a slice where they follow each other, None where there are none."""
    if not places:
        return None
    if list(places) == list(range(places[0], places[0] + len(places))):
        return slice(places[0], places[0] + len(places))
    return np.array(places, np.int64)


def _by_minute(times: Floats) -> Iterator[tuple[int, slice]]:
    """The minutes in which `times` lie, which rise, and where."""
    if times[0] // 60 == times[-1] // 60:
        yield int(times[0] // 60), slice(None)
        return
    minutes = (times // 60).astype(np.int64)
    firsts = np.flatnonzero(np.diff(minutes, prepend=-1)).tolist()
    for first, last in zip(firsts, [*firsts[1:], len(minutes)], strict=True):
        yield int(minutes[first]), slice(first, last)


class MinuteRing:
    """Slot `minute % MINUTES` of each series holds the mean of what is known of that minute."""

    __slots__ = ("_counts", "_interval", "_last", "_last_time", "_means", "_newest", "_rows", "_shapes")

    def __init__(self) -> None:
        self._rows: dict[int, int] = {}
        self._shapes: dict[tuple[int, ...], _Shape] = {}
        self._means: Float32s = np.full((0, MINUTES), np.nan, np.float32)
        self._counts = np.zeros((0, MINUTES), np.uint8)
        self._newest = 0
        # The newest reading of each series, for the next rate, and the usual interval in seconds.
        self._last: Floats = np.empty(0)
        self._last_time = -np.inf
        self._interval = 0.0

    def among(self, series: set[int]) -> set[int]:
        """Those of `series` that the ring has."""
        return series & self._rows.keys()

    def add(self, times: Floats, values: NDArray[np.float64], series: tuple[int, ...], names: Names) -> None:
        """Fold in reports (rows of `values`, in order of time) of `series`; changes `values`."""
        shape = self._shapes.get(series) or self._learn(series, names)
        values[~np.isfinite(values)] = np.nan
        if shape.counters is not None:
            self._to_rates(times, values, shape)
        for minute, part in _by_minute(times):
            self._advance(minute)
            if minute > self._newest - MINUTES:
                self._fold(shape.rows, minute % MINUTES, values[part])

    def line(self, series: int, minute: int, count: int) -> Float32s:
        """The last `count` minutes up to and with `minute`, NaN for unknown."""
        wanted = np.arange(minute - count + 1, minute + 1)
        line: Float32s = self._means[self._rows[series], wanted % MINUTES]
        if self._newest != minute or count > MINUTES:
            line[(wanted > self._newest) | (wanted <= self._newest - MINUTES)] = np.nan
        return line

    def _learn(self, series: tuple[int, ...], names: Names) -> _Shape:
        rows = [self._rows.setdefault(number, len(self._rows)) for number in series]
        missing = len(self._rows) - len(self._means)
        self._means = np.vstack([self._means, np.full((missing, MINUTES), np.nan, np.float32)])
        self._counts = np.vstack([self._counts, np.zeros((missing, MINUTES), np.uint8)])
        self._last = np.concatenate([self._last, np.full(missing, np.nan)])
        counters = [at for at, number in enumerate(series) if names[number].kind == COUNTER]
        shape = self._shapes[series] = _Shape(rows, counters)
        return shape

    def _to_rates(self, times: Floats, values: NDArray[np.float64], shape: _Shape) -> None:
        rows, readings = shape.counter_rows, values[:, shape.counters]
        spans, steps = times.copy(), readings.copy()
        spans[0] -= self._last_time
        spans[1:] -= times[:-1]
        steps[0] -= self._last[rows]
        steps[1:] -= readings[:-1]
        usual = (spans > 0) & (spans <= self._longest(spans))
        with np.errstate(divide="ignore", invalid="ignore"):
            rates = steps / spans[:, np.newaxis]
            rates[~usual] = np.nan
            rates[steps < 0] = np.nan
        if times[-1] >= self._last_time:
            self._last[rows] = readings[-1]
            self._last_time = float(times[-1])
        values[:, shape.counters] = rates

    def _longest(self, spans: Floats) -> float:
        """The longest interval over which a rate is known, from those seen so far."""
        seen = spans[1:][spans[1:] > 0] if len(spans) > 1 else spans[(spans > 0) & (spans < np.inf)]
        if len(seen) and (len(spans) > 1 or not self._interval):
            self._interval = float(np.sort(seen)[len(seen) // 2])
        return PAUSE * self._interval

    def _advance(self, minute: int) -> None:
        """Make `minute` the newest; slots that come round again begin empty."""
        if minute <= self._newest:
            return
        passed = min(minute - self._newest, MINUTES)
        for slot in range(minute - passed + 1, minute + 1):
            self._means[:, slot % MINUTES] = np.nan
            self._counts[:, slot % MINUTES] = 0
        self._newest = minute

    def _fold(self, rows: Places, slot: int, values: NDArray[np.float64]) -> None:
        known = ~np.isnan(values)
        values[~known] = 0.0
        count = known.sum(axis=0)
        total = values.sum(axis=0)
        before = self._counts[rows, slot]
        if before.any():
            total += np.where(before > 0, self._means[rows, slot], 0.0) * before
            count += before
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            self._means[rows, slot] = total / count
        self._counts[rows, slot] = np.minimum(count, 255)
