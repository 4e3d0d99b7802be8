"""Copies of the hub's databases, taken while it runs, and put back while it does not."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from watchkeeper import __version__
from watchkeeper.base.errors import ConflictError, NotFoundError, StorageError
from watchkeeper.base.files import Files, write_atomically

# Records first: a host that is added in between then has no records yet, rather than records without a host.
DATABASES = ("records.db", "state.db")
NOTE = "backup.json"


def save(data: Path, target: Path) -> int:
    """Copy the databases of the hub in `data` into the new folder `target`; gives their size in bytes.

    Each copy is one consistent state. The hub may run: reading holds nothing up.
    """
    if not (data / DATABASES[0]).exists():
        raise NotFoundError(f"there is no hub's data in {data}", "WK_DATA or --config names another place")
    try:
        target.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise ConflictError(f"{target} exists already", "name a folder that does not exist yet") from None
    except OSError as error:
        raise StorageError(
            f"{target} cannot be made: {error.strerror}", "name a place that you may write to"
        ) from error
    size = 0
    for name in DATABASES:
        with _told(f"copying {data / name}"):
            _copy(data / name, target / name)
        size += (target / name).stat().st_size
    note = {"version": __version__, "time": time.time(), "databases": list(DATABASES)}
    write_atomically(str(target / NOTE), json.dumps(note, indent=2).encode())
    return size


def restore(source: Path, data: Path) -> Path | None:
    """Put the databases in `source` into `data`, whose hub does not run; gives the folder that the old ones went to."""
    missing = [name for name in (*DATABASES, NOTE) if not (source / name).is_file()]
    if missing:
        raise NotFoundError(
            f"{source} is no whole backup: {', '.join(missing)} missing", "name a folder made by wk hub backup"
        )
    for name in DATABASES:
        with _told(f"reading {source / name}"):
            _check(source / name)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    old = [path for name in DATABASES for suffix in ("", "-wal", "-shm") if (path := data / (name + suffix)).exists()]
    aside = data / time.strftime("replaced-%Y%m%dT%H%M%SZ", time.gmtime()) if old else None
    with _told(f"restoring into {data}"):
        fresh = [(data / f".{name}.restored", data / name) for name in DATABASES]
        for (copy, _), name in zip(fresh, DATABASES, strict=True):
            copy.unlink(missing_ok=True)
            _copy(source / name, copy)
        if aside:
            aside.mkdir(mode=0o700)
            for path in old:
                path.rename(aside / path.name)
        for copy, final in fresh:
            copy.rename(final)
        Files().sync_folder(str(data))
    return aside


def _copy(source: Path, target: Path) -> None:
    files = Files()
    # SQLite would make the file readable by all.
    files.close(files.open(str(target), 0o102, 0o600))
    with closing(_open(source)) as reader, closing(sqlite3.connect(target)) as writer:
        reader.backup(writer)
        # One file, without a -wal beside it, that any copy program can carry.
        writer.execute("PRAGMA journal_mode=DELETE")
    descriptor = files.open(str(target), 2)
    try:
        files.sync(descriptor)
    finally:
        files.close(descriptor)


def _check(path: Path) -> None:
    with closing(_open(path)) as database:
        (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise StorageError(f"{path} is damaged: {found}", "take another backup")


def _open(path: Path) -> sqlite3.Connection:
    # Read-only: a connection that may write would checkpoint, and only the hub's own writer may.
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise StorageError(
            f"{what} failed: {error}", "is there room, and may this user read and write there?"
        ) from error
