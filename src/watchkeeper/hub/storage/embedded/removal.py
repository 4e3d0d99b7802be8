"""Removing a host: everything about it goes, and compaction brings nothing back."""

from __future__ import annotations

import sqlite3

from watchkeeper.hub.storage.embedded.rollups import Rolled, RollupRow, decode_rolled, encode_rolled, hosts_of, shard_of

OWN_TABLES = ("chunks", "events", "snapshots", "gaps", "quarantine", "streams", "schemas", "newest")
# Rows of rollups that are rewritten in one transaction.
REWRITTEN_ROWS = 32


def remove_rows(db: sqlite3.Connection, host: int, row: int) -> None:
    """Remove all rows that are the host's alone; its reports in journal rows up to `row` are void.

    Rollups that it shares with others are noted for `remove_from_rollups`.
    """
    for table in OWN_TABLES:
        db.execute(f"DELETE FROM {table} WHERE host = ?", (host,))  # noqa: S608
    db.execute("INSERT OR REPLACE INTO watermarks (host, journal) VALUES (?, ?)", (host, row))
    shard, bit = shard_of(host)
    db.execute("DELETE FROM rollups WHERE shard = ? AND hosts = ?", (shard, bit))
    db.execute(
        "INSERT OR REPLACE INTO meta (name, value) SELECT ?, coalesce(max(id), 0) FROM rollups", (f"removed:{host}",)
    )


def removed_hosts(db: sqlite3.Connection) -> list[tuple[int, int]]:
    """Hosts whose part in shared rollups is still there, and the last row that may hold it."""
    rows = db.execute("SELECT name, value FROM meta WHERE name GLOB 'removed:*'").fetchall()
    return [(int(name.partition(":")[2]), int(last)) for name, last in rows]


def remove_from_rollups(db: sqlite3.Connection, host: int, last: int) -> bool:
    """Rewrite some shared rollups without the host; true when none is left."""
    shard, bit = shard_of(host)
    rows = db.execute(
        "SELECT id, tier, series, shard, start, span, hosts, arrived, data FROM rollups"
        " WHERE shard = ? AND id <= ? AND hosts & ? <> 0 LIMIT ?",
        (shard, last, bit, REWRITTEN_ROWS),
    ).fetchall()
    for number, *values in rows:
        row = _without(RollupRow(*values), host, bit)
        if row.hosts:
            db.execute("UPDATE rollups SET hosts = ?, data = ? WHERE id = ?", (row.hosts, row.data, number))
        else:
            db.execute("DELETE FROM rollups WHERE id = ?", (number,))
    if not rows:
        db.execute("DELETE FROM meta WHERE name = ?", (f"removed:{host}",))
    return not rows


def _without(row: RollupRow, host: int, bit: int) -> RollupRow:
    hosts = hosts_of(row.shard, row.hosts)
    row.hosts &= ~bit
    if row.hosts:
        rolled = decode_rolled(row.data, len(hosts))
        keep = [at for at, one in enumerate(hosts) if one != host]
        row.data = encode_rolled(Rolled(*[getattr(rolled, name)[keep].copy() for name in Rolled.__struct_fields__]))
    return row
