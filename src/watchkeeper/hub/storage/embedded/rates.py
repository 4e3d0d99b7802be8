"""Rates of counters.

The rate at a report is the increase since the report before, a second. It is unknown for the first
report, after a decrease (the counter began again), and after a pause: no interval of more than three
times the usual one is bridged.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from watchkeeper.hub.model.records import Floats
from watchkeeper.hub.storage.embedded.block import Block, join

PAUSE = 3.0


def rates(times: Floats, values: Floats) -> Floats:
    """The rate at each of `times`; `values` has one reading a time along its last axis."""
    found = np.full(values.shape, np.nan)
    if len(times) > 1:
        spans = np.diff(times)
        steps = np.diff(values)
        usual = (spans > 0) & (spans <= longest_span(spans))
        with np.errstate(divide="ignore", invalid="ignore"):
            found[..., 1:] = np.where(usual & (steps >= 0), steps / spans, np.nan)
    return found


def longest_span(spans: Floats) -> float:
    """The longest interval in seconds over which a rate is still known."""
    forward = spans[spans > 0]
    return PAUSE * float(np.median(forward)) if len(forward) else 0.0


def with_rates(block: Block, counters: Collection[int], before: Block | None = None) -> Block:
    """`block` with the counters among its columns as rates; `before` ends with the preceding report."""
    mine = [number for number in block.columns if number in counters]
    if not mine or not len(block):
        return block
    last = before.window(-np.inf, block.times[0]) if before is not None else None
    if last is not None and len(last):
        block = join([tail_of(last, mine), block])
    found = rates(block.times, np.array([block.columns[number] for number in mine]))
    columns = {**block.columns, **dict(zip(mine, found, strict=True))}
    whole = Block(block.times, block.origins, columns)
    return whole if last is None or not len(last) else whole.window(block.times[1], np.inf)


def tail_of(block: Block, series: Collection[int]) -> Block:
    """The last report of `block`, with those of `series` that it has."""
    return Block(
        block.times[-1:].copy(),
        block.origins[-1:].copy(),
        {number: column[-1:].copy() for number, column in block.columns.items() if number in series},
    )
