"""Rates of counters.

The rate at a report is the increase since the report before, a second. It is unknown for the first
report, after a decrease (the counter began again), and after a pause: no interval of more than three
times the usual one is bridged.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from watchkeeper.hub.model.records import Floats
from watchkeeper.hub.storage.embedded.block import Block

PAUSE = 3.0


def rates(times: Floats, values: Floats, before: tuple[float, float] | None = None) -> Floats:
    """The rate at each of `times`; `before` is time and value of the reading that precedes them."""
    if before is not None and len(times) and before[0] < times[0]:
        return rates(np.concatenate([[before[0]], times]), np.concatenate([[before[1]], values]))[1:]
    found = np.full(len(times), np.nan)
    if len(times) > 1:
        spans = np.diff(times)
        steps = np.diff(values)
        with np.errstate(divide="ignore", invalid="ignore"):
            found[1:] = np.where((spans > 0) & (spans <= longest_span(spans)) & (steps >= 0), steps / spans, np.nan)
    return found


def longest_span(spans: Floats) -> float:
    """The longest interval in seconds over which a rate is still known."""
    forward = spans[spans > 0]
    return PAUSE * float(np.median(forward)) if len(forward) else 0.0


def last_known(block: Block, series: Collection[int]) -> Block:
    """The last report of `block`, with those of `series` that it has."""
    return Block(
        block.times[-1:].copy(),
        block.origins[-1:].copy(),
        {number: column[-1:].copy() for number, column in block.columns.items() if number in series},
    )
