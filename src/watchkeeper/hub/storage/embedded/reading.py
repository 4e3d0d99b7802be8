"""Reads a host's reports: chunks ∪ the journal above the host's watermark, in one snapshot."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

import numpy as np

from watchkeeper.hub.model.records import Floats
from watchkeeper.hub.storage.embedded.block import Block, empty_block, from_reports, join
from watchkeeper.hub.storage.embedded.chunks import decode_chunk
from watchkeeper.hub.storage.embedded.journal import HEAD, JournalIndex, Places, read_origins, read_payloads
from watchkeeper.hub.storage.embedded.names import Names
from watchkeeper.hub.storage.embedded.rollups import PERIODS, Canvas, RollupRow, shard_of
from watchkeeper.hub.storage.embedded.steps import DAY, HOUR

# From a larger chunk a few columns are read one by one instead of the whole.
WHOLE_BYTES = 96 << 10


def watermark(db: sqlite3.Connection, host: int) -> int:
    """Journal rows up to this one are in the host's chunks."""
    row = db.execute(
        "SELECT max(value) FROM (SELECT journal AS value FROM watermarks WHERE host = ?"
        " UNION ALL SELECT value FROM meta WHERE name = 'compacted')",
        (host,),
    ).fetchone()
    return int(row[0] or 0)


def read_chunks(
    db: sqlite3.Connection, host: int, start: float, end: float, wanted: Collection[int] | None, origins: bool
) -> list[Block]:
    """The parts of the host's chunks that lie in [start, end)."""
    rows = db.execute(
        "SELECT id, CASE WHEN length(data) <= ? THEN data END FROM chunks"
        " WHERE host = ? AND start > ? AND start < ? AND start + span > ? ORDER BY start",
        (WHOLE_BYTES if wanted is not None else 1 << 40, host, start - DAY, end, start),
    ).fetchall()
    blocks = []
    for row, data in rows:
        if data is not None:
            block = decode_chunk(data, wanted, origins)
        else:
            with db.blobopen("chunks", "data", row, readonly=True) as blob:
                block = decode_chunk(blob, wanted, origins)
        blocks.append(block.window(start, end))
    return blocks


class Reader:
    """Reports and rollups of the hosts. Every call takes the places that were noted before the snapshot began."""

    def __init__(self, names: Names, index: JournalIndex) -> None:
        self._names = names
        self._index = index

    def places(self, host: int, start: float, end: float) -> Places:
        """To be called before the snapshot is opened; see JournalIndex."""
        return self._index.places(host, start, end)

    def read(
        self,
        db: sqlite3.Connection,
        host: int,
        places: Places,
        start: float,
        end: float,
        wanted: Collection[int] | None = None,
        origins: bool = False,
    ) -> Block:
        """The reports with a time in [start, end), in order of time; who they are only with `origins`."""
        blocks = read_chunks(db, host, start, end, wanted, origins)
        above = places.above(watermark(db, host))
        if len(above.times):
            heads = read_origins(db, above) if origins else np.zeros(len(above.times), HEAD)
            payloads = read_payloads(db, above)
            block, _ = from_reports(heads, payloads, self._names.schemas(host), wanted)
            blocks.append(block.window(start, end))
        return join(blocks) if blocks else empty_block()

    def touched(self, db: sqlite3.Connection, host: int, places: Places) -> list[tuple[int, int]]:
        """The stretches of whole hours that reports above the watermark belong to: there, rollups are old."""
        times = places.above(watermark(db, host)).times
        return hour_runs(times)


def hour_runs(times: Floats) -> list[tuple[int, int]]:
    """Stretches of adjacent hours in which `times` lie, as seconds [start, end)."""
    hours = np.unique(times // HOUR).astype(np.int64)
    if not len(hours):
        return []
    breaks = np.flatnonzero(np.diff(hours) > 1)
    firsts = hours[np.concatenate([[0], breaks + 1])]
    lasts = hours[np.concatenate([breaks, [len(hours) - 1]])]
    return [(first * HOUR, (last + 1) * HOUR) for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True)]


def lay_rollups(db: sqlite3.Connection, canvas: Canvas, series: int, shards: tuple[int, int], end: int) -> None:
    """Lay all rows of a series that touch the canvas, for shards from `shards[0]` to `shards[1]`, in order."""
    rows = db.execute(
        "SELECT tier, series, shard, start, span, hosts, arrived, data FROM rollups"
        " WHERE tier = ? AND series = ? AND shard BETWEEN ? AND ? AND start > ? AND start < ? AND start + span > ?"
        " ORDER BY id",
        (canvas.tier, series, *shards, canvas.start - PERIODS[canvas.tier], end, canvas.start),
    )
    for row in rows:
        canvas.lay(RollupRow(*row))


def host_canvas(db: sqlite3.Connection, host: int, tier: int, series: int, start: int, end: int) -> Canvas:
    """The stored rollups of one series of one host."""
    shard = shard_of(host)[0]
    canvas = Canvas([host], tier, start, end)
    lay_rollups(db, canvas, series, (shard, shard), end)
    return canvas
