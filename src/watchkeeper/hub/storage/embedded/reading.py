"""Reads a host's reports: chunks ∪ the journal above the host's watermark, in one snapshot."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from watchkeeper.hub.storage.embedded.block import Block, from_reports, join
from watchkeeper.hub.storage.embedded.journal import JournalIndex, read_reports
from watchkeeper.hub.storage.embedded.names import Names


def watermark(db: sqlite3.Connection, host: int) -> int:
    """Journal rows up to this one are in the host's chunks."""
    row = db.execute(
        "SELECT max(value) FROM (SELECT journal AS value FROM watermarks WHERE host = ?"
        " UNION ALL SELECT value FROM meta WHERE name = 'compacted')",
        (host,),
    ).fetchone()
    return int(row[0] or 0)


def read_journal(
    db: sqlite3.Connection, names: Names, host: int, places: NDArray[np.int64], wanted: Collection[int] | None
) -> Block:
    """The reports at `places` that lie above the watermark and have a known schema."""
    above = places[places[:, 0] > watermark(db, host)]
    if not len(above):
        return join([])
    heads, payloads = read_reports(db, above)
    block, _ = from_reports(heads, payloads, names.schemas(host), wanted)
    return block


class RawReader:
    """Reports of one host over a time range."""

    def __init__(self, names: Names, index: JournalIndex) -> None:
        self._names = names
        self._index = index

    def places(self, host: int, start: float, end: float) -> NDArray[np.int64]:
        """To be called before the snapshot is opened; see JournalIndex."""
        return self._index.places(host, start, end)

    def read(
        self,
        db: sqlite3.Connection,
        host: int,
        places: NDArray[np.int64],
        start: float,
        end: float,
        wanted: Collection[int] | None = None,
    ) -> Block:
        """The reports with a time in [start, end), in order of time."""
        return read_journal(db, self._names, host, places, wanted).window(start, end)
