"""Merges what has closed: hour chunks into day chunks, rollup rows of a period into one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from watchkeeper.hub.storage.embedded.block import join
from watchkeeper.hub.storage.embedded.chunks import (
    CHUNK_HEAD_BYTES,
    ChunkRow,
    decode_chunk,
    decoded_bytes,
    encode_chunk,
)
from watchkeeper.hub.storage.embedded.rollups import PERIODS, RollupRow, fold
from watchkeeper.hub.storage.embedded.slices import SLICE_BYTES, Slice
from watchkeeper.hub.storage.embedded.steps import DAY, HOUR

# A day is merged once this much time has passed after it: most late data has come by then.
SETTLED = 2 * HOUR
# A host with so many series that its day would take more memory than this stays in hours.
DAY_BYTES = 32 << 20
# Rows of a period that has not closed yet are folded when there are this many.
FOLD_ROWS = 24


def merge_slices(db: sqlite3.Connection, now: float) -> Iterator[Slice]:
    """Everything that can be merged at `now`, in slices."""
    yield from _sliced(_merged_days(db, now))
    yield from _sliced(_folded(db, now))


def _sliced(parts: Iterator[Slice]) -> Iterator[Slice]:
    """The same in slices of a good size."""
    whole, size = Slice(), 0
    for part in parts:
        whole.chunks += part.chunks
        whole.rollups += part.rollups
        whole.drop_rollups += part.drop_rollups
        size += part.size()
        if size > SLICE_BYTES:
            yield whole
            whole, size = Slice(), 0
    if size:
        yield whole


def _merged_days(db: sqlite3.Connection, now: float) -> Iterator[Slice]:
    settled = int((now - SETTLED) // DAY) * DAY
    days = db.execute(
        "SELECT host, start / ? AS day FROM chunks WHERE start < ? GROUP BY host, day HAVING count(*) > 1",
        (DAY, settled),
    ).fetchall()
    for host, day in days:
        if _day_bytes(db, host, day) > DAY_BYTES:
            continue
        rows = db.execute(
            "SELECT id, arrived, data FROM chunks WHERE host = ? AND start >= ? AND start < ? ORDER BY start",
            (host, day * DAY, (day + 1) * DAY),
        ).fetchall()
        whole = join([decode_chunk(data) for _, _, data in rows])
        arrived = max(arrived for _, arrived, _ in rows)
        row = ChunkRow(host, day * DAY, DAY, arrived, encode_chunk(whole), [number for number, _, _ in rows])
        yield Slice(chunks=[row])


def _day_bytes(db: sqlite3.Connection, host: int, day: int) -> int:
    heads = db.execute(
        "SELECT substr(data, 1, ?) FROM chunks WHERE host = ? AND start >= ? AND start < ?",
        (CHUNK_HEAD_BYTES, host, day * DAY, (day + 1) * DAY),
    )
    return sum(decoded_bytes(head) for (head,) in heads)


def _folded(db: sqlite3.Connection, now: float) -> Iterator[Slice]:
    for tier, period in PERIODS.items():
        closed = int((now - SETTLED) // period)
        groups = db.execute(
            "SELECT series, shard, start / ? AS period FROM rollups WHERE tier = ? GROUP BY series, shard, period"
            " HAVING count(*) >= ? OR (period < ? AND count(*) > 1)",
            (period, tier, FOLD_ROWS, closed),
        ).fetchall()
        for series, shard, number in groups:
            start = number * period
            rows = db.execute(
                "SELECT id, tier, series, shard, start, span, hosts, arrived, data FROM rollups"
                " WHERE tier = ? AND series = ? AND shard = ? AND start >= ? AND start < ? ORDER BY id",
                (tier, series, shard, start, start + period),
            ).fetchall()
            folded = fold([RollupRow(*row[1:]) for row in rows], start, period)
            yield Slice(rollups=[folded], drop_rollups=[row[0] for row in rows])
