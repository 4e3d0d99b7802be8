"""Data so late that the raw reports of its hour have expired: its rollups are added to, not recomputed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import numpy as np

from watchkeeper.hub.storage.embedded.reading import host_canvas
from watchkeeper.hub.storage.embedded.rollups import (
    REPORTS,
    Rolled,
    RollupRow,
    decode_rolled,
    encode_rolled,
    hosts_of,
)
from watchkeeper.hub.storage.embedded.steps import HOUR


def stored_reports(db: sqlite3.Connection, host: int, hour: int) -> int:
    """How many reports the stored rollups of the hour that begins at `hour` are made of."""
    return int(host_canvas(db, host, HOUR, REPORTS, hour, hour + HOUR).rolled.count.sum())


def added(db: sqlite3.Connection, rows: Iterable[RollupRow]) -> list[RollupRow]:
    """`rows` of single hosts, each with what is already stored for its time added."""
    found = []
    for row in rows:
        (host,) = hosts_of(row.shard, row.hosts)
        stored = host_canvas(db, host, row.tier, row.series, row.start, row.start + row.span).rolled
        if stored.count.any():
            row.data = encode_rolled(add(stored, decode_rolled(row.data, 1)))
        found.append(row)
    return found


def add(one: Rolled, other: Rolled) -> Rolled:
    """Statistics over the values of both."""
    count = one.count + other.count
    totals = [np.where(part.count > 0, part.mean * part.count.astype(np.float64), 0.0) for part in (one, other)]
    low, high = np.fmin(one.low, other.low), np.fmax(one.high, other.high)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.clip((totals[0] + totals[1]) / count, low, high).astype(np.float32)
    return Rolled(count, mean, low, high)
