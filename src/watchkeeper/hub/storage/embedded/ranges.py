"""One host's series over any range, at the resolution that the range and the points allow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from watchkeeper.hub.model.records import Floats, Line, Range, Series
from watchkeeper.hub.storage.embedded.block import Block
from watchkeeper.hub.storage.embedded.names import Names
from watchkeeper.hub.storage.embedded.rates import rates
from watchkeeper.hub.storage.embedded.steps import Steps, stats_of, steps_of
from watchkeeper.wire.records import COUNTER, GAUGE


def raw_range(
    names: Names, block: Block, wanted: Sequence[str], start: float, end: float, points: int, rate: bool
) -> Range:
    """The range from single reports: each a point when they are few enough, else statistics a step."""
    lines = [(_series(names, block, name), _values(names, block, name, rate)) for name in wanted]
    if len(block) <= points:
        step = float(np.median(np.diff(block.times))) if len(block) > 1 else max(end - start, 1.0)
        whole = [Line(series, values, values, values) for series, values in lines]
        return Range(start, end, step, "raw", block.times, whole)
    steps = steps_of(start, end, points)
    return Range(start, end, steps.step, "raw", steps.times(), [_line(block, steps, *line) for line in lines])


def _line(block: Block, steps: Steps, series: Series, values: Floats) -> Line:
    stats = stats_of(block.times, values, steps)
    return Line(series, stats.low, stats.mean, stats.high)


def _series(names: Names, block: Block, name: str) -> Series:
    """The series of that name: the one in the block, else any known, else a plain one."""
    numbers = names.named(name)
    present = [number for number in numbers if number in block.columns] or numbers
    return names[present[-1]] if present else Series(name, GAUGE, "")


def _values(names: Names, block: Block, name: str, rate: bool) -> Floats:
    """The values under a name, whatever its kind and unit were at the time."""
    found = np.full(len(block), np.nan)
    for number in names.named(name):
        column = block.columns.get(number)
        if column is not None:
            as_rate = rate and names[number].kind == COUNTER
            values = rates(block.times, column) if as_rate else column
            found = np.where(np.isnan(found), values, found)
    return found
