"""The group commit: everything that one call of `append` brings, in one synced transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from watchkeeper.hub.model.records import Batch, Series, StoredGap, StreamState
from watchkeeper.hub.storage.embedded import documents
from watchkeeper.hub.storage.embedded.connection import Writer
from watchkeeper.hub.storage.embedded.intake import Taken, TakenSchema, sort_batches
from watchkeeper.hub.storage.embedded.journal import Entry, JournalIndex, pack_row
from watchkeeper.hub.storage.embedded.names import Names, store_schema
from watchkeeper.hub.storage.embedded.recent import Recent
from watchkeeper.wire.ranges import Ranges
from watchkeeper.wire.records import REPORT_HEADER

_encode = msgspec.msgpack.Encoder().encode
_pairs = msgspec.msgpack.Decoder(list[tuple[int, int]]).decode


# A report of the last second of an hour arrives in the next one; it still belongs with its hour.
DELAY = 2.0


class Committer:
    """Appends to records.db and then to what is kept in memory of it.

    `commits` counts the transactions that brought data; it numbers the journal rows and never
    goes back, so that a watermark holds even when the journal is empty.
    """

    def __init__(self, writer: Writer, names: Names, index: JournalIndex, recent: Recent, commits: int) -> None:
        self._writer = writer
        self._names = names
        self._index = index
        self._recent = recent
        self._streams: dict[bytes, int] = {}
        self._hours: dict[int, int] = {}
        self.commits = commits

    def append(
        self, batches: Sequence[Batch], ranges: Iterable[tuple[bytes, StreamState]], gaps: Sequence[StoredGap] = ()
    ) -> None:
        taken = sort_batches(batches)
        row = self.commits + 1
        schemas: list[tuple[TakenSchema, tuple[int, ...]]] = []
        fresh: dict[int, Series] = {}
        with self._writer.transaction("committing records") as db:
            streams = self._store_streams(db, ranges)
            for schema in taken.schemas:
                ids, new = store_schema(db, self._names, schema.host, schema.number, schema.series)
                schemas.append((schema, ids))
                fresh.update(new)
            entries = self._entries(db, taken, streams) + _release(db, schemas)
            if entries:
                db.execute("INSERT INTO journal (id, heads, reports) VALUES (?, ?, ?)", (row, *pack_row(entries)))
            _store_documents(db, taken, gaps)
            db.execute("UPDATE meta SET value = ? WHERE name = 'commits'", (row,))
        self.commits = row
        self._streams.update(streams)
        for number, series in fresh.items():
            self._names.learn(number, series)
        for schema, ids in schemas:
            self._names.learn_schema(schema.host, schema.number, ids)
        self._index.add(row, entries)
        self._recent.add(entries)
        if entries:
            self.note_hour(row, entries[0].received)

    def note_hour(self, row: int, received: float) -> None:
        """Remember the last row of each hour of arrival, a moment of delay allowed."""
        self._hours[int((received - DELAY) // 3600)] = row

    def last_row_before(self, hour: int) -> int:
        """The last journal row that arrived before `hour` (since 1970); 0 when none is known."""
        rows = [row for one, row in self._hours.items() if one < hour]
        self._hours = {one: row for one, row in self._hours.items() if one >= hour - 2}
        return max(rows, default=0)

    def _store_streams(self, db: sqlite3.Connection, ranges: Iterable[tuple[bytes, StreamState]]) -> dict[bytes, int]:
        """Write the states; the rows of the streams that were not known."""
        fresh: dict[bytes, int] = {}
        known: list[tuple[bytes, int | None, int, int]] = []
        for stream, state in ranges:
            row = self._streams.get(stream)
            if row is None:
                fresh[stream] = _store_stream(db, stream, state)
            else:
                known.append((_encode(list(state.ranges)), state.check, state.duplicates, row))
        db.executemany("UPDATE streams SET ranges = ?, crc = ?, duplicates = ? WHERE id = ?", known)
        return fresh

    def _entries(self, db: sqlite3.Connection, taken: Taken, streams: dict[bytes, int]) -> list[Entry]:
        entries = []
        for report in taken.reports:
            batch = report.batch
            stream = self._streams.get(batch.stream) or streams.get(batch.stream)
            if stream is None:
                stream = streams[batch.stream] = _stream_row(db, batch)
            entries.append(
                Entry(batch.host, stream, batch.seq, report.index, batch.received, report.time, report.payload)
            )
        return entries

    def forget_streams(self) -> None:
        """Look stream rows up again: some were deleted."""
        self._streams = {}


def _store_stream(db: sqlite3.Connection, stream: bytes, state: StreamState) -> int:
    (row,) = db.execute(
        "INSERT INTO streams (stream, host, lane, ranges, crc, duplicates) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (stream) DO UPDATE SET ranges = excluded.ranges, crc = excluded.crc,"
        " duplicates = excluded.duplicates RETURNING id",
        (stream, state.host, state.lane, _encode(list(state.ranges)), state.check, state.duplicates),
    ).fetchone()
    return int(row)


def _stream_row(db: sqlite3.Connection, batch: Batch) -> int:
    """The row of a batch's stream when its state does not come along in this commit."""
    found = db.execute("SELECT id FROM streams WHERE stream = ?", (batch.stream,)).fetchone()
    if found is not None:
        return int(found[0])
    return _store_stream(db, batch.stream, StreamState(batch.host, batch.lane, Ranges()))


def find_stream(db: sqlite3.Connection, stream: bytes) -> StreamState | None:
    row = db.execute("SELECT host, lane, ranges, crc, duplicates FROM streams WHERE stream = ?", (stream,)).fetchone()
    if row is None:
        return None
    return StreamState(row[0], row[1], Ranges(_pairs(row[2])), row[3], row[4])


def _store_documents(db: sqlite3.Connection, taken: Taken, gaps: Sequence[StoredGap]) -> None:
    if taken.events:
        documents.insert_events(db, taken.events)
    for snapshot in taken.snapshots:
        documents.insert_snapshot(db, snapshot)
    if gaps:
        documents.insert_gaps(db, gaps)
    if taken.unreadable:
        documents.insert_quarantine(db, taken.unreadable)


def _release(db: sqlite3.Connection, schemas: Iterable[tuple[TakenSchema, tuple[int, ...]]]) -> list[Entry]:
    """Reports that were quarantined for want of a schema that has come now: back into the journal."""
    entries = []
    for schema, _ in schemas:
        rows = db.execute(
            "DELETE FROM quarantine WHERE host = ? AND schema = ? RETURNING stream, seq, idx, received, data",
            (schema.host, schema.number),
        ).fetchall()
        for stream, seq, index, received, payload in rows:
            (stream_row,) = db.execute("SELECT id FROM streams WHERE stream = ?", (stream,)).fetchone()
            time = REPORT_HEADER.unpack_from(payload)[0]
            entries.append(Entry(schema.host, stream_row, seq, index, received, time, payload))
    return entries
