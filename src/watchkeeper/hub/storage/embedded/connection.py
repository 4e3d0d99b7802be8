"""Connections to records.db: one that writes and checkpoints, and a few that only read."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from watchkeeper.base.errors import StorageError

# Checkpoints run inside a commit of the writer: often, so that each is short.
CHECKPOINT_PAGES = 256
WAL_BYTES_KEPT = 16 << 20


def open_writer(path: Path) -> sqlite3.Connection:
    """The one connection that writes. Creates the file when there is none."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    # Must come before the first table to have an effect.
    db.execute("PRAGMA auto_vacuum=INCREMENTAL")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    # Some builds overwrite what is deleted: the journal would be written twice.
    db.execute("PRAGMA secure_delete=OFF").close()
    db.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    db.execute(f"PRAGMA journal_size_limit={WAL_BYTES_KEPT}")
    db.execute("PRAGMA cache_size=-4096")
    return db


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that can neither write nor checkpoint."""
    uri = f"file:{quote(str(path))}?mode=ro"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=10)
    db.execute("PRAGMA cache_size=-2048")
    return db


@contextmanager
def storage_errors(doing: str, path: Path | None = None) -> Iterator[None]:
    """Turn what SQLite and the disk raise into StorageError; damage to `path` is noted for the next start."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if path is not None and is_damage(error):
            with suppress(OSError):
                suspicion(path).touch()
        raise StorageError(f"{doing} failed: {error}", hint_for(error)) from error
    except OSError as error:
        raise StorageError(f"{doing} failed: {error}", "check the disk that holds records.db") from error


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is not what it should be."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def suspicion(path: Path) -> Path:
    """The file whose being there means: check `path` whole at the next start."""
    return path.with_name(f"{path.name}.suspect")


def hint_for(error: sqlite3.DatabaseError) -> str:
    """What a person can do about `error`."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return {
        sqlite3.SQLITE_FULL: "free some disk space; senders keep their data until then",
        sqlite3.SQLITE_READONLY: "make the folder of records.db writable again",
        sqlite3.SQLITE_IOERR: "check the disk that holds records.db",
        sqlite3.SQLITE_CORRUPT: "restart the hub: it moves the damaged file aside; then restore a backup",
        sqlite3.SQLITE_NOTADB: "restart the hub: it moves the damaged file aside; then restore a backup",
    }.get(code, "")


class Writer:
    """Serialises transactions on the writing connection."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self._path = path
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self, doing: str) -> Iterator[sqlite3.Connection]:
        """One transaction, synced when the block ends; rolled back when it raises."""
        with self._lock, storage_errors(doing, self._path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def alone(self, doing: str) -> Iterator[sqlite3.Connection]:
        """The writing connection outside a transaction, for pragmas."""
        with self._lock, storage_errors(doing, self._path):
            yield self._db

    def close(self) -> None:
        with self._lock:
            self._db.close()


class Readers:
    """Reading connections, each used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    @contextmanager
    def snapshot(self, doing: str) -> Iterator[sqlite3.Connection]:
        """A connection inside a transaction: all that is read is of one instant."""
        with storage_errors(doing, self._path):
            db = self._take()
            try:
                db.execute("BEGIN")
                yield db
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                self._put(db)

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise StorageError("the record store is closed")
            if self._idle:
                return self._idle.pop()
        return open_reader(self._path)

    def _put(self, db: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < 4:
                self._idle.append(db)
                return
        db.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for db in idle:
            db.close()
