"""Minute means of every series of one host over the last hour. A counter's is its rate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from watchkeeper.hub.model.records import Floats
from watchkeeper.hub.storage.embedded.names import Names
from watchkeeper.hub.storage.embedded.rates import PAUSE
from watchkeeper.wire.records import COUNTER

MINUTES = 64
Float32s = NDArray[np.float32]


class _Shape:
    """Where the values of one schema go: the ring's row of each, and which are counters."""

    __slots__ = ("counters", "rows")

    def __init__(self, rows: Sequence[int], counters: Sequence[int]) -> None:
        self.rows = np.array(rows, np.int64)
        self.counters = np.array(counters, np.int64)


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

    def __contains__(self, series: int) -> bool:
        return series in self._rows

    def add(self, times: Floats, values: NDArray[np.float64], series: tuple[int, ...], names: Names) -> None:
        """Fold in reports (rows of `values`, in order of time) of `series`; changes `values`."""
        shape = self._shapes.get(series) or self._learn(series, names)
        values[~np.isfinite(values)] = np.nan
        if len(shape.counters):
            self._to_rates(times, values, shape)
        minutes = (times // 60).astype(np.int64)
        firsts = np.flatnonzero(np.diff(minutes, prepend=-1)).tolist()
        for first, last in zip(firsts, [*firsts[1:], len(minutes)], strict=True):
            minute = int(minutes[first])
            self._advance(minute)
            if minute > self._newest - MINUTES:
                self._fold(shape.rows, minute % MINUTES, values[first:last])

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
        rows = shape.rows[shape.counters]
        readings = values[:, shape.counters]
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
        values[:, shape.counters] = rates
        if times[-1] >= self._last_time:
            self._last[rows] = readings[-1]
            self._last_time = float(times[-1])

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
        slots = np.arange(minute - passed + 1, minute + 1) % MINUTES
        self._means[:, slots] = np.nan
        self._counts[:, slots] = 0
        self._newest = minute

    def _fold(self, rows: NDArray[np.int64], slot: int, values: NDArray[np.float64]) -> None:
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
