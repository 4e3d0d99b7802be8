"""Opens records.db: creates it, moves it aside when it is damaged, and knows when it was restored.

Beside records.db lies `records.commits`: the incarnation and how many commits it had a moment ago. A
database that is behind it was restored from a backup, and gets a new incarnation.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import msgspec

from watchkeeper.base.errors import StorageError
from watchkeeper.base.files import Files, write_atomically
from watchkeeper.base.ids import random_id
from watchkeeper.hub.model.records import Notice
from watchkeeper.hub.storage.embedded.connection import (
    hint_for,
    is_damage,
    open_reader,
    open_writer,
    storage_errors,
    suspicion,
)
from watchkeeper.hub.storage.embedded.tables import FORMAT, TABLES

DATABASE, SIDECAR = "records.db", "records.commits"
# A whole check reads the whole file; above this size only the start after damage was noticed does it.
CHECKED_BYTES = 64 << 20


class Opened(msgspec.Struct):
    """An open database and what was found on the way."""

    db: sqlite3.Connection
    incarnation: str
    commits: int
    notices: list[Notice]


def open_records(folder: Path) -> Opened:
    """Open or create records.db in `folder`. A damaged one is moved aside, never deleted."""
    path = folder / DATABASE
    notices: list[Notice] = []
    with storage_errors(f"opening {path}"):
        folder.mkdir(parents=True, exist_ok=True)
        existed = path.exists()
        try:
            db = _open_checked(path)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise StorageError(f"opening {path} failed: {error}", hint_for(error)) from error
            notices.append(_move_aside(path, error))
            existed = False
            db = _open_checked(path)
        incarnation, commits = _identity(db, folder / SIDECAR, existed)
    return Opened(db, incarnation, commits, notices)


def _open_checked(path: Path) -> sqlite3.Connection:
    # SQLite gives the files beside it the same permissions.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    # Looked at before anything may write: what is moved aside stays as it was found.
    with closing(open_reader(path)) as reader:
        empty = _check_format(reader, path)
    db = open_writer(path)
    try:
        if empty:
            db.executescript(f"BEGIN IMMEDIATE; {TABLES} COMMIT;")
    except BaseException:
        db.close()
        raise
    return db


def _check_format(db: sqlite3.Connection, path: Path) -> bool:
    """Raise when the file is damaged or newer than this program; true when nothing is in it yet."""
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables:
        return True
    row = db.execute("SELECT value FROM meta WHERE name = 'format'").fetchone()
    if row is not None and row[0] > FORMAT:
        raise StorageError(
            f"{path} was written by a newer version (format {row[0]}, this one reads {FORMAT})",
            "run the newer version, or restore a backup that fits",
        )
    if path.stat().st_size <= CHECKED_BYTES or suspicion(path).exists():
        _check(db)
        suspicion(path).unlink(missing_ok=True)
    return False


def _check(db: sqlite3.Connection) -> None:
    """Raise what SQLite raises for a damaged file when the structure is not sound."""
    (result,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if result != "ok":
        error = sqlite3.DatabaseError(str(result))
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _move_aside(path: Path, error: sqlite3.DatabaseError) -> Notice:
    now = time.time()
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    aside = path.with_name(f"{path.name}.damaged-{stamp}-{random_id(length=4)}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    suspicion(path).unlink(missing_ok=True)
    Files().sync_folder(str(path.parent))
    return Notice(
        "error",
        f"{path} was damaged ({error}) and has been moved to {aside.name}; the hub began an empty one",
        f"to restore: stop the hub, copy your newest backup to {path}, remove {path.name}-wal and {path.name}-shm,"
        " start the hub; agents then send again what they still keep",
        now,
    )


def _identity(db: sqlite3.Connection, sidecar: Path, existed: bool) -> tuple[str, int]:
    """Incarnation and number of commits; a new incarnation when this is not the newest copy."""
    meta = dict(db.execute("SELECT name, value FROM meta").fetchall())
    commits = int(meta.get("commits", 0))
    incarnation = meta.get("incarnation")
    if incarnation is None or not existed or _is_behind(sidecar, incarnation, commits):
        incarnation = random_id("inc_", 16)
    db.execute("BEGIN IMMEDIATE")
    values = {"format": FORMAT, "commits": commits, "compacted": meta.get("compacted", 0), "incarnation": incarnation}
    db.executemany("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", values.items())
    db.execute("COMMIT")
    write_sidecar(sidecar, incarnation, commits)
    return str(incarnation), commits


def _is_behind(sidecar: Path, incarnation: str, commits: int) -> bool:
    try:
        name, count = sidecar.read_text().split()
        return name != incarnation or int(count) > commits
    except (FileNotFoundError, ValueError):
        return True


def write_sidecar(path: Path, incarnation: str, commits: int) -> None:
    """Note durably how far the database was."""
    write_atomically(str(path), f"{incarnation} {commits}\n".encode())
