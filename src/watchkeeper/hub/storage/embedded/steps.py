"""Steps of a range: which resolution serves it, where steps begin, and statistics a step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import count

import msgspec
import numpy as np

from watchkeeper.hub.model.records import Floats

FIVE_MINUTES, HOUR, DAY = 300, 3600, 86_400
RESOLUTIONS = {0: "raw", 60: "1m", FIVE_MINUTES: "5m", HOUR: "1h"}
_NICE = (1, 2, 5, 10, 15, 20, 30, 60, 90, 120, 150, 180, 240, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 14_400)


class Steps(msgspec.Struct, frozen=True):
    """`count` steps of `step` seconds, the first beginning at `start`."""

    start: float
    step: float
    count: int

    @property
    def end(self) -> float:
        return self.start + self.step * self.count

    def times(self) -> Floats:
        return self.start + self.step * np.arange(self.count, dtype=np.float64)


def steps_of(start: float, end: float, points: int, unit: float = 0) -> Steps:
    """At most `points` steps (never fewer than 2) that cover [start, end), aligned to 1970; multiples of `unit`
    seconds."""
    points = max(points, 2)
    least = max((end - start) / points, 1e-3)
    for step in _candidates(least, unit):
        first = math.floor(start / step)
        number = math.ceil(end / step) - first
        if number <= points:
            return Steps(first * step, step, max(number, 1))
    raise AssertionError("a step as long as the range is always enough")


def _candidates(least: float, unit: float) -> Iterator[float]:
    """Lengths of steps from `least` seconds on, without end."""
    if not unit:
        yield from (float(step) for step in _NICE if step >= least)
        unit = DAY
    yield from (unit * factor for factor in count(max(math.ceil(least / unit), 1)))


class Stats(msgspec.Struct):
    """Minimum, mean, maximum and number of known values a step; NaN and 0 where nothing is known."""

    low: Floats
    mean: Floats
    high: Floats
    count: Floats


def unknown(count: int) -> Stats:
    nothing = np.full(count, np.nan)
    return Stats(nothing, nothing.copy(), nothing.copy(), np.zeros(count))


def stats_of(times: Floats, values: Floats, steps: Steps) -> Stats:
    """Statistics of single values whose `times` rise."""
    return combine(times, Stats(values, values, values, np.ones(len(values))), steps)


def combine(times: Floats, parts: Stats, steps: Steps) -> Stats:
    """Statistics a step from statistics of shorter ones that begin at `times`, which rise."""
    inside = (times >= steps.start) & (times < steps.end) & ~np.isnan(parts.mean)
    found = unknown(steps.count)
    if not inside.any():
        return found
    places = ((times[inside] - steps.start) // steps.step).astype(np.int64)
    np.minimum(places, steps.count - 1, out=places)
    firsts = np.flatnonzero(np.diff(places, prepend=-1))
    at = places[firsts]
    weights = parts.count[inside]
    found.low[at] = np.minimum.reduceat(parts.low[inside], firsts)
    found.high[at] = np.maximum.reduceat(parts.high[inside], firsts)
    found.count[at] = np.add.reduceat(weights, firsts)
    means = np.add.reduceat(parts.mean[inside] * weights, firsts) / found.count[at]
    # Rounding may push a mean out of its own band by the last bit.
    found.mean[at] = np.clip(means, found.low[at], found.high[at])
    return found
