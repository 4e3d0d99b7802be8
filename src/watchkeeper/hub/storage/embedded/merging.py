"""Merges what has closed: chunks of hours into longer ones, rollup rows of a period into one."""

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
# Before that, this much of it becomes one chunk: hours alone leave too much of their last pages empty.
QUARTER, QUARTER_SETTLED = 6 * HOUR, HOUR
# A host with so many series that a longer chunk would take more memory than this keeps the shorter ones.
MERGED_BYTES = 32 << 20
# Rows of a period that has not closed yet are folded when there are this many.
FOLD_ROWS = 24


def merge_slices(db: sqlite3.Connection, now: float) -> Iterator[Slice]:
    """Everything that can be merged at `now`, in slices."""
    day = int((now - SETTLED) // DAY) * DAY
    quarter = int((now - QUARTER_SETTLED) // QUARTER) * QUARTER
    # No chunk is in both: what the first replaces may still be there when the second looks.
    yield from _sliced(_merged_chunks(db, DAY, 0, day))
    yield from _sliced(_merged_chunks(db, QUARTER, day, quarter))
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


def _merged_chunks(db: sqlite3.Connection, span: int, first: int, last: int) -> Iterator[Slice]:
    """One chunk of `span` seconds for all shorter ones of a host that lie in it, from `first` to before `last`."""
    groups = db.execute(
        "SELECT host, start / ? AS number FROM chunks WHERE start >= ? AND start < ? AND span < ?"
        " GROUP BY host, number HAVING count(*) > 1",
        (span, first, last, span),
    ).fetchall()
    for host, number in groups:
        start = number * span
        if _decoded_bytes(db, host, start, span) > MERGED_BYTES:
            continue
        rows = db.execute(
            "SELECT id, arrived, data FROM chunks"
            " WHERE host = ? AND start >= ? AND start < ? AND span < ? ORDER BY start",
            (host, start, start + span, span),
        ).fetchall()
        whole = join([decode_chunk(data) for _, _, data in rows])
        arrived = max(arrived for _, arrived, _ in rows)
        yield Slice(chunks=[ChunkRow(host, start, span, arrived, encode_chunk(whole), [row for row, _, _ in rows])])


def _decoded_bytes(db: sqlite3.Connection, host: int, start: int, span: int) -> int:
    heads = db.execute(
        "SELECT substr(data, 1, ?) FROM chunks WHERE host = ? AND start >= ? AND start < ? AND span < ?",
        (CHUNK_HEAD_BYTES, host, start, start + span, span),
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
