"""The hub's side of compaction: starts the compactor, writes its slices between commits, frees the journal."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import accumulate
from pathlib import Path

import msgspec

from watchkeeper.base.errors import StorageError
from watchkeeper.hub.storage.embedded.connection import Writer
from watchkeeper.hub.storage.embedded.journal import JournalIndex
from watchkeeper.hub.storage.embedded.slices import Done, Flush, Job, pack_message, read_messages, write_slice

# Journal rows that are deleted, and free pages that are given back, in one transaction.
DELETED_BYTES = 2 << 20
VACUUM_PAGES = 128
# Free pages that are kept for the next commits instead of being given back.
KEPT_PAGES = 64
MODULE = "watchkeeper.hub.storage.embedded.compactor"


class PutOffError(StorageError):
    """Compaction gave way to something else; it goes on later where it was."""


class Outcome(msgspec.Struct):
    """What compaction did: reports, peak memory of the child in KiB, its processor seconds, and its wall seconds."""

    reports: int = 0
    peak_kib: int = 0
    cpu_seconds: float = 0.0
    seconds: float = 0.0


class Compaction:
    """Runs one compactor at a time."""

    def __init__(self, path: Path, writer: Writer, index: JournalIndex) -> None:
        self._path = path
        self._writer = writer
        self._index = index
        self._running = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._waiting = 0

    def run(self, row: int, now: float) -> Outcome:
        """Compact the journal up to `row` and merge what closed before `now`. Raises StorageError."""
        outcome = Outcome()
        began = time.monotonic()
        with self._running:
            while not self._pass(Job(str(self._path), row, now), outcome):
                pass
            self._free_journal(row)
            self.give_back()
        outcome.seconds = time.monotonic() - began
        return outcome

    def stop(self) -> None:
        """End a compactor that is under way, for good; nothing of it is half done."""
        self._stopped = True
        self._end_child()
        with self._running:
            pass

    @contextmanager
    def paused(self) -> Iterator[None]:
        """End a compactor that is under way, and let none start inside the block."""
        self._waiting += 1
        try:
            self._end_child()
            with self._running:
                yield
        finally:
            self._waiting -= 1

    def _end_child(self) -> None:
        child = self._child
        if child is not None:
            child.kill()

    @property
    def child_pid(self) -> int | None:
        """The process that compacts at the moment."""
        child = self._child
        return None if child is None else child.pid

    def _pass(self, job: Job, outcome: Outcome) -> bool:
        with self._compactor() as child:
            assert child.stdout is not None
            _tell(child, pack_message(job))
            for message in read_messages(child.stdout.read):
                if isinstance(message, Flush):
                    _tell(child, b"\n")
                    continue
                if isinstance(message, Done):
                    outcome.reports += message.reports
                    outcome.peak_kib = max(outcome.peak_kib, message.peak_kib)
                    outcome.cpu_seconds += message.cpu_seconds
                    return message.whole
                self.gently("writing compacted records", partial(write_slice, message))
                for host, row in message.watermarks:
                    self._index.drop_through(host, row)
        if self._stopped or self._waiting:
            raise PutOffError("compaction was put off")
        raise StorageError("the compactor ended before it was done", "it is started again; see the log for its message")

    @contextmanager
    def _compactor(self) -> Iterator[subprocess.Popen[bytes]]:
        if self._stopped or self._waiting:
            raise PutOffError("compaction was put off")
        command = [sys.executable, "-m", MODULE]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            self._child = child
            try:
                yield child
            finally:
                self._child = None
                child.kill()

    def gently(self, doing: str, write: Callable[[sqlite3.Connection], object]) -> None:
        """One transaction, then a pause of twice its time, in which commits go first."""
        began = time.monotonic()
        with self._writer.transaction(doing) as db:
            write(db)
        time.sleep(2 * (time.monotonic() - began))

    def _free_journal(self, row: int) -> None:
        """Everything up to `row` is in chunks: say so, then delete it piece by piece."""
        self.gently(
            "closing a part of the journal",
            lambda db: db.execute("UPDATE meta SET value = max(value, ?) WHERE name = 'compacted'", (row,)),
        )
        while not self._stopped:
            with self._writer.alone("reading the journal") as db:
                rows = db.execute(
                    "SELECT id, length(heads) + length(reports) FROM journal WHERE id <= ? ORDER BY id LIMIT 1000",
                    (row,),
                ).fetchall()
            if not rows:
                return
            lengths = accumulate(length for _, length in rows)
            last = next(
                (number for (number, _), size in zip(rows, lengths, strict=True) if size >= DELETED_BYTES), rows[-1][0]
            )
            self.gently("freeing the journal", partial(_delete_through, last))

    def give_back(self) -> None:
        """Shrink the file by its free pages, a few at a time."""
        before = None
        while not self._stopped:
            began = time.monotonic()
            with self._writer.alone("giving back disk space") as db:
                (free,) = db.execute("PRAGMA freelist_count").fetchone()
                if free <= KEPT_PAGES or free == before:
                    return
                before = free
                # `execute` would stop after the first page.
                db.executescript(f"PRAGMA incremental_vacuum({min(VACUUM_PAGES, free - KEPT_PAGES)})")
            time.sleep(2 * (time.monotonic() - began))


def _delete_through(row: int, db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM journal WHERE id <= ?", (row,))


def _tell(child: subprocess.Popen[bytes], data: bytes) -> None:
    """Write to the compactor. One that has ended does not hear it; then its messages end, too."""
    assert child.stdin is not None
    with suppress(BrokenPipeError):
        os.write(child.stdin.fileno(), data)
