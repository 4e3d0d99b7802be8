"""Processes that run in the background: who runs, starting and stopping.

A running process holds a lock on its record file, `run/<name>.json`, for as long as it lives. The lock
says that it runs: it goes with the process however that ends, and no other process can take its number for it.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from watchkeeper.base.errors import ConflictError, StorageError, WatchkeeperError
from watchkeeper.cli import places

LOG_LIMIT = 8 << 20


class Record:
    """What a process tells of itself: `pid`, `started` (Unix time), `facts` such as its address."""

    def __init__(self, pid: int, started: float, facts: dict[str, str]) -> None:
        self.pid = pid
        self.started = started
        self.facts = facts


class Background:
    """The background process `name` of this machine's data folder."""

    def __init__(self, name: str) -> None:
        folder = places.data_folder()
        self.name = name
        self.file = folder / "run" / f"{name}.json"
        self.log = folder / "log" / f"{name}.log"

    def hold(self, facts: Mapping[str, str]) -> None:
        """Declare that this very process is the one, until it ends. A program that it execs keeps the lock."""
        _make(self.file.parent)
        fd = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600)
        # `running` of another process holds the lock for an instant: try for longer than that.
        deadline = time.monotonic() + 1.0
        while not _locked(fd, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                running = self.running()
                who = f"as process {running.pid}" if running else "already"
                raise ConflictError(f"the {self.name} of {self.file.parent.parent} runs {who}", "wk status tells more")
            time.sleep(0.01)
        os.ftruncate(fd, 0)
        os.pwrite(fd, json.dumps({"pid": os.getpid(), "started": time.time(), "facts": dict(facts)}).encode(), 0)
        os.set_inheritable(fd, True)

    def running(self) -> Record | None:
        """The record of the process if it runs."""
        try:
            fd = os.open(self.file, os.O_RDONLY)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            while not _locked(fd, fcntl.LOCK_SH):
                record = _read(fd)
                if record:
                    return record
                time.sleep(0.01)
            return None
        finally:
            os.close(fd)

    def last(self) -> Record | None:
        """The newest record, whether or not the process runs."""
        try:
            fd = os.open(self.file, os.O_RDONLY)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            return _read(fd)
        finally:
            os.close(fd)

    def start(self, arguments: list[str], env: Mapping[str, str]) -> Started:
        """Start `wk` with `arguments` as a process of its own that outlives this one."""
        _make(self.log.parent)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            begin = log.tell()
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "watchkeeper.cli", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(env),
                start_new_session=True,
            )
        return Started(self, process, begin)

    def stop(self, seconds: float = 20.0) -> bool:
        """End the process: SIGTERM, and SIGKILL when it takes longer than `seconds`. False if none ran."""
        record = self.running()
        if record is None:
            return False
        for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 5.0)):
            os.kill(record.pid, number)
            deadline = time.monotonic() + patience
            while self.running():
                if time.monotonic() > deadline:
                    break
                time.sleep(0.02)
            else:
                return True
        raise WatchkeeperError(f"process {record.pid} ({self.name}) does not end", "see what it hangs on, or restart")


class Started:
    """A background process just started, and what it has printed since."""

    def __init__(self, background: Background, process: subprocess.Popen[bytes], begin: int) -> None:
        self.background = background
        self.process = process
        self._begin = begin

    def output(self) -> str:
        with self.background.log.open("rb") as log:
            log.seek(self._begin)
            return log.read().decode(errors="replace")

    def lives(self) -> bool:
        """True; raises an error with the last lines of the log if it has ended."""
        status = self.process.poll()
        if status is not None:
            lines = [line for line in self.output().splitlines() if line.strip()]
            last = "\n".join(lines[-8:])
            raise WatchkeeperError(
                f"the {self.background.name} ended at once with status {status}:\n{last}",
                f"all of it: {self.background.log}",
            )
        return True


def hub() -> Background:
    """The hub of this machine's data folder."""
    return Background("hub")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise StorageError(f"{folder} cannot be used: {error.strerror}", "WK_DATA names another data folder") from error


def _locked(fd: int, kind: int) -> bool:
    try:
        fcntl.lockf(fd, kind | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _read(fd: int) -> Record | None:
    try:
        found = json.loads(os.pread(fd, 65536, 0))
        return Record(int(found["pid"]), float(found["started"]), dict(found["facts"]))
    except (ValueError, KeyError, TypeError):
        return None
