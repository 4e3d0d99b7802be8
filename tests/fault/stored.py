"""What the hub holds, read from records.db by a connection that can only read, while the hub runs or not."""

from __future__ import annotations

import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path
from urllib.parse import quote

import msgspec

from tests.fault.ledger import checksum
from watchkeeper.hub.model.records import StoredGap
from watchkeeper.hub.storage.embedded.block import Block
from watchkeeper.hub.storage.embedded.commit import find_stream
from watchkeeper.hub.storage.embedded.journal import JournalIndex
from watchkeeper.hub.storage.embedded.ledger import LedgerRow, read_ledger
from watchkeeper.hub.storage.embedded.names import Names
from watchkeeper.hub.storage.embedded.reading import Reader
from watchkeeper.hub.storage.embedded.restart import journal_entries
from watchkeeper.wire.ranges import Ranges

NUMBER, CHECK = "ledger.number", "ledger.check"
SERIES = [(NUMBER, "gauge", ""), (CHECK, "gauge", "")]
EVENT_TYPE, SNAPSHOT_KIND = "ledger.entry", "ledger"
ALL_TIME = (0.0, 4e10)


@dataclass(slots=True, frozen=True)
class Row:
    """One ledger record as the hub has it.

    `place` is (stream, seq, index), None where the store keeps none (events, snapshots); `arrival`
    rises in the order in which they were committed, None where the store keeps no order.
    """

    number: int
    kind: str
    place: tuple[bytes, int, int] | None = None
    arrival: int | None = None


@dataclass(slots=True)
class Stored:
    """All rows that came from ledgers; `corrupt` describes those that do not say what they were sealed with.

    `received` is what the hub receipts: the batches of each stream.
    """

    rows: list[Row] = field(default_factory=list)
    gaps: list[StoredGap] = field(default_factory=list)
    quarantined: Counter[tuple[bytes, int]] = field(default_factory=Counter)
    corrupt: list[str] = field(default_factory=list)
    received: dict[bytes, Ranges] = field(default_factory=dict)
    duplicates: int = 0


def read_stored(data: Path) -> Stored:
    """The records of every host in `data`/records.db."""
    stored = Stored()
    with closing(_open(data)) as db:
        _read_reports(db, stored)
        _read_events(db, stored)
        _read_snapshots(db, stored)
        gaps = 'SELECT host, lane, stream, first, last, batches, records, start, "end", reason, noted FROM gaps'
        stored.gaps = [StoredGap(*row) for row in db.execute(gaps)]
        stored.quarantined = Counter(
            (bytes(row[0]), row[1]) for row in db.execute("SELECT stream, seq FROM quarantine")
        )
        (stored.duplicates,) = db.execute("SELECT coalesce(sum(duplicates), 0) FROM streams").fetchone()
        for (stream,) in db.execute("SELECT stream FROM streams").fetchall():
            state = find_stream(db, stream)
            assert state is not None
            stored.received[bytes(stream)] = state.ranges
    return stored


def _open(data: Path) -> sqlite3.Connection:
    """A connection that sees one instant and can only read."""
    uri = f"file:{quote(str(data / 'records.db'))}?mode=ro"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10)
    db.execute("BEGIN")
    return db


def _take(stored: Stored, row: Row, check: float) -> None:
    if check == checksum(row.number):
        stored.rows.append(row)
    else:
        stored.corrupt.append(f"{row} says {check}")


def _blocks(db: sqlite3.Connection) -> Iterator[tuple[Block, Names]]:
    """Every host's reports with who they are, wherever the store has put them: journal or chunks."""
    names, index = Names(), JournalIndex()
    names.load(db)
    for row, entries in journal_entries(db):
        index.add(row, entries)
    reader = Reader(names, index)
    for (host,) in db.execute("SELECT DISTINCT host FROM streams").fetchall():
        yield reader.read(db, host, reader.places(host, *ALL_TIME), *ALL_TIME, origins=True), names


def _read_reports(db: sqlite3.Connection, stored: Stored) -> None:
    streams = {row: bytes(stream) for row, stream in db.execute("SELECT id, stream FROM streams")}
    for block, names in _blocks(db):
        numbers, checks = names.named(NUMBER), names.named(CHECK)
        if not numbers or numbers[0] not in block.columns:
            continue
        values = zip(block.columns[numbers[0]].tolist(), block.columns[checks[0]].tolist(), strict=True)
        for (number, check), origin in zip(values, block.origins.tolist(), strict=True):
            if isnan(number):
                continue  # another agent's report on the same host
            stream, position, seq = origin[0], origin[1], origin[2]
            _take(stored, Row(int(number), "report", (streams[stream], seq, position)), check)


def read_names_and_times(data: Path) -> list[LedgerRow]:
    """Name and time of each report of whatever agent, in order of time."""
    with closing(_open(data)) as db:
        return sorted((row for block, _ in _blocks(db) for row in read_ledger(db, block)), key=lambda row: row.time)


def _read_events(db: sqlite3.Connection, stored: Stored) -> None:
    for cursor, data in db.execute("SELECT id, data FROM events WHERE type = ? ORDER BY id", (EVENT_TYPE,)):
        value = msgspec.json.decode(data)
        _take(stored, Row(value["number"], "event", arrival=cursor), value["check"])


def _read_snapshots(db: sqlite3.Connection, stored: Stored) -> None:
    for value in _snapshots(db):
        _take(stored, Row(value["number"], "snapshot"), value["check"])


def _snapshots(db: sqlite3.Connection) -> Iterator[dict[str, int]]:
    for (data,) in db.execute("SELECT data FROM snapshots WHERE kind = ? ORDER BY first, id", (SNAPSHOT_KIND,)):
        yield msgspec.json.decode(zlib.decompress(data))
