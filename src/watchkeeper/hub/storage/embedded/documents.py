"""Events, snapshots, gaps and quarantine: everything that is not a vector of samples."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Sequence

import msgspec

from watchkeeper.hub.model.records import StoredEvent, StoredGap
from watchkeeper.hub.storage.embedded.intake import TakenEvent, TakenSnapshot, Unreadable

PROCESSES = "processes"
LARGEST = 2**63 - 1
_decode = msgspec.json.Decoder(dict[str, object]).decode


def insert_events(db: sqlite3.Connection, events: Iterable[TakenEvent]) -> None:
    db.executemany(
        "INSERT INTO events (host, time, received, type, severity, data) VALUES (?, ?, ?, ?, ?, ?)",
        [(e.host, e.time, e.received, e.type, e.severity, e.data) for e in events],
    )


def insert_snapshot(db: sqlite3.Connection, snapshot: TakenSnapshot) -> None:
    """Keep the history of changes: a row says from when to when the content was the same."""
    digest = hashlib.sha256(snapshot.data).digest()[:16]
    before = db.execute(
        "SELECT id, last, digest FROM snapshots WHERE host = ? AND kind = ? AND first <= ? ORDER BY first DESC LIMIT 1",
        (snapshot.host, snapshot.kind, snapshot.time),
    ).fetchone()
    if before is not None and before[2] == digest:
        db.execute(
            "UPDATE snapshots SET last = max(last, ?), arrived = max(arrived, ?) WHERE id = ?",
            (snapshot.time, snapshot.received, before[0]),
        )
        return
    row = (snapshot.time, snapshot.received, digest, zlib.compress(snapshot.data, 6))
    _insert_snapshot_row(db, snapshot.host, snapshot.kind, row)
    if before is not None and before[1] > snapshot.time:
        _split(db, before[0], snapshot)


def _split(db: sqlite3.Connection, row: int, late: TakenSnapshot) -> None:
    """A late snapshot falls into a time for which another content was noted: that one ends and begins again."""
    columns = "SELECT last, arrived, digest, data FROM snapshots WHERE id = ?"
    again = db.execute(columns, (row,)).fetchone()
    db.execute("UPDATE snapshots SET last = first WHERE id = ?", (row,))
    _insert_snapshot_row(db, late.host, late.kind, again)


def _insert_snapshot_row(db: sqlite3.Connection, host: int, kind: str, row: tuple[float, float, bytes, bytes]) -> None:
    """`row` is time, arrival, digest and content."""
    time, arrived, digest, data = row
    db.execute(
        "INSERT INTO snapshots (host, kind, first, last, arrived, digest, data) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (host, kind, time, time, arrived, digest, data),
    )


def find_snapshot(
    db: sqlite3.Connection, host: int, kind: str, at: float | None
) -> tuple[float, dict[str, object]] | None:
    """The time at which the newest content not after `at` was last seen, and that content."""
    limit = float("inf") if at is None else at
    row = db.execute(
        "SELECT last, data FROM snapshots WHERE host = ? AND kind = ? AND first <= ? ORDER BY first DESC LIMIT 1",
        (host, kind, limit),
    ).fetchone()
    if row is None:
        return None
    data = msgspec.json.decode(zlib.decompress(row[1]))
    return min(float(row[0]), limit), data if isinstance(data, dict) else {"data": data}


def find_events(
    db: sqlite3.Connection, hosts: Sequence[int], start: float, end: float, limit: int
) -> list[StoredEvent]:
    rows = db.execute(
        "SELECT id, host, time, received, type, severity, data FROM events"
        " WHERE host IN (SELECT value FROM json_each(?)) AND time >= ? AND time < ?"
        " ORDER BY time DESC, id DESC LIMIT ?",
        (str(list(hosts)), start, end, limit),
    )
    return [
        StoredEvent(cursor, host, time, received, kind, severity, _decode(data))
        for cursor, host, time, received, kind, severity, data in rows
    ]


def insert_gaps(db: sqlite3.Connection, gaps: Iterable[StoredGap]) -> None:
    db.executemany(
        'INSERT INTO gaps (host, lane, stream, first, last, batches, records, start, "end", reason, noted)'
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [msgspec.structs.astuple(gap) for gap in gaps],
    )


def find_gaps(db: sqlite3.Connection, host: int, start: float, end: float) -> list[StoredGap]:
    rows = db.execute(
        'SELECT host, lane, stream, first, last, batches, records, start, "end", reason, noted FROM gaps'
        ' WHERE host = ? AND CASE WHEN start IS NULL OR "end" IS NULL THEN noted >= ? AND noted < ?'
        ' ELSE start < ? AND "end" >= ? END ORDER BY noted, id',
        (host, start, end, end, start),
    )
    return [StoredGap(*row) for row in rows]


def insert_quarantine(db: sqlite3.Connection, unreadable: Iterable[Unreadable]) -> None:
    db.executemany(
        "INSERT INTO quarantine (host, stream, seq, idx, received, reason, data) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (u.batch.host, u.batch.stream, min(u.batch.seq, LARGEST), u.index, u.batch.received, u.reason, u.data)
            for u in unreadable
        ],
    )


def host_counts(db: sqlite3.Connection, host: int) -> tuple[int, int]:
    """Duplicates dropped and records in quarantine."""
    (duplicates,) = db.execute("SELECT coalesce(sum(duplicates), 0) FROM streams WHERE host = ?", (host,)).fetchone()
    (quarantined,) = db.execute("SELECT count(*) FROM quarantine WHERE host = ?", (host,)).fetchone()
    return int(duplicates), int(quarantined)
