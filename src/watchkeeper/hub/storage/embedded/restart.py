"""What the hub keeps in memory, rebuilt from the file at start."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from watchkeeper.hub.storage.embedded.block import join
from watchkeeper.hub.storage.embedded.commit import Committer
from watchkeeper.hub.storage.embedded.journal import Entry, JournalIndex, read_heads
from watchkeeper.hub.storage.embedded.minutes import MINUTES
from watchkeeper.hub.storage.embedded.names import Names
from watchkeeper.hub.storage.embedded.reading import read_chunks
from watchkeeper.hub.storage.embedded.recent import Recent
from watchkeeper.hub.storage.embedded.steps import DAY
from watchkeeper.wire.records import REPORT_HEADER

NewestReport = tuple[int, float, int, bytes]


def journal_entries(db: sqlite3.Connection) -> Iterator[tuple[int, list[Entry]]]:
    """The journal row by row, above what is compacted for all hosts."""
    (compacted,) = db.execute("SELECT value FROM meta WHERE name = 'compacted'").fetchone()
    rows = db.execute("SELECT id, heads, reports FROM journal WHERE id > ? ORDER BY id", (compacted,))
    for row, head_bytes, reports in rows:
        heads, offsets = read_heads(head_bytes)
        entries = []
        for head, offset in zip(heads.tolist(), offsets.tolist(), strict=True):
            host, length, stream, index, seq, received = head
            payload = reports[offset : offset + length]
            time = REPORT_HEADER.unpack_from(payload)[0]
            entries.append(Entry(host, stream, seq, index, received, time, payload))
        yield row, entries


def _marks(db: sqlite3.Connection) -> dict[int, int]:
    return dict(db.execute("SELECT host, journal FROM watermarks").fetchall())


def load_journal(db: sqlite3.Connection, index: JournalIndex, recent: Recent, committer: Committer) -> None:
    """Fill the index, and the last hour, from the journal."""
    marks = _marks(db)
    for row, entries in journal_entries(db):
        index.add(row, entries)
        recent.add([entry for entry in entries if marks.get(entry.host, 0) < row])
        committer.note_hour(row, entries[0].received)
    for host, mark in marks.items():
        index.drop_through(host, mark)


def load_last_hour(db: sqlite3.Connection, names: Names, recent: Recent, now: float) -> None:
    """Fill the last hour from the chunks. To be called before the journal is loaded."""
    start = now - MINUTES * 60
    for (host,) in db.execute("SELECT DISTINCT host FROM chunks WHERE start + span > ?", (start,)).fetchall():
        recent.add_block(host, join(read_chunks(db, host, start, now + DAY, None, False)))


def newest_reports(db: sqlite3.Connection) -> list[NewestReport]:
    """The report of each host that arrived last."""
    marks = _marks(db)
    newest = {row[0]: row for row in db.execute("SELECT host, received, schema, payload FROM newest")}
    for row, entries in journal_entries(db):
        for entry in entries:
            if row > marks.get(entry.host, 0):
                number = REPORT_HEADER.unpack_from(entry.payload)[2]
                newest[entry.host] = (entry.host, entry.received, number, entry.payload)
    return list(newest.values())
