"""A file system that fails where a test wants it to."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

from watchkeeper.base.files import Files


class Crash(BaseException):
    """The process dies here: nothing after this point happens. Not an Exception, so that no handler survives it."""


class HastyFiles(Files):
    """The real file system without its fsyncs, for tests that open thousands of spools and never cut the power."""

    def sync(self, fd: int) -> None:
        assert self.size(fd) >= 0

    def sync_folder(self, path: str) -> None:
        assert os.path.isdir(path)


class FaultyFiles(Files):
    """The real file system, with `fault(operation, path or descriptor)` asked before each operation that changes it.

    The fault raises what the test wants. `room` is how many bytes may still be written, None for any number; what is
    deleted or truncated is given back. `crash_at` dies at that change (counted from 1) and does nothing after it; a
    write leaves half. `hasty` leaves the fsyncs out, for tests that never cut the power.
    """

    def __init__(self) -> None:
        self.fault: Callable[[str, str], None] | None = None
        self.room: int | None = None
        self.crash_at = 0
        self.changes = 0
        self.hasty = False
        self.read_fault: Callable[[str], None] | None = None
        self._paths: dict[int, str] = {}
        self._synced: dict[str, int] = {}
        self._listed: set[str] = set()

    def cut_power(self) -> None:
        """What a power cut does after `abandon`: of new files only what was synced is left, and only if their folder
        was synced as well. (A rename counts as durable: whether it is or not, recovery sees a whole file.)"""
        for path, length in self._synced.items():
            if os.path.exists(path):
                if path in self._listed:
                    os.truncate(path, min(length, os.path.getsize(path)))
                else:
                    os.unlink(path)

    def abandon(self) -> None:
        """What the kernel does for a process that died: close its files, and so release its locks."""
        for fd in list(self._paths):
            self.close(fd)

    def close(self, fd: int) -> None:
        self._paths.pop(fd, None)
        super().close(fd)

    def _change(self, operation: str, path: str) -> None:
        self.changes += 1
        if self.crash_at and self.changes >= self.crash_at:
            raise Crash(f"{operation} {path}")
        if self.fault is not None:
            self.fault(operation, path)

    def open(self, path: str, flags: int, mode: int = 0o600) -> int:
        if flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR):
            self._change("open", path)
        fd = super().open(path, flags, mode)
        self._paths[fd] = path
        if flags & os.O_CREAT and self.size(fd) == 0:
            self._synced[path] = 0
        return fd

    def read(self, fd: int, length: int, offset: int) -> bytes:
        if self.read_fault is not None:
            self.read_fault(self._paths.get(fd, ""))
        return super().read(fd, length, offset)

    def write(self, fd: int, data: bytes) -> None:
        if self.changes + 1 == self.crash_at:
            super().write(fd, data[: len(data) // 2])
        self._change("write", self._paths.get(fd, ""))
        if self.room is not None and len(data) > self.room:
            super().write(fd, data[: self.room])
            self.room = 0
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().write(fd, data)
        if self.room is not None:
            self.room -= len(data)

    def sync(self, fd: int) -> None:
        self._change("sync", self._paths.get(fd, ""))
        if not self.hasty:
            super().sync(fd)
        if self._paths.get(fd) in self._synced:
            self._synced[self._paths[fd]] = self.size(fd)

    def truncate(self, fd: int, length: int) -> None:
        self._change("truncate", self._paths.get(fd, ""))
        freed = self.size(fd) - length
        super().truncate(fd, length)
        if self.room is not None:
            self.room += max(0, freed)

    def rename(self, source: str, target: str) -> None:
        self._change("rename", target)
        freed = os.path.getsize(target) if os.path.exists(target) else 0
        super().rename(source, target)
        if source in self._synced:
            self._synced[target] = self._synced.pop(source)
            self._listed.add(target)
        if self.room is not None:
            self.room += freed

    def unlink(self, path: str) -> None:
        self._change("unlink", path)
        freed = os.path.getsize(path) if os.path.exists(path) else 0
        super().unlink(path)
        if self.room is not None:
            self.room += freed

    def sync_folder(self, path: str) -> None:
        self._change("sync_folder", path)
        if not self.hasty:
            super().sync_folder(path)
        self._listed.update(name for name in self._synced if os.path.dirname(name) == path)

    def make_folder(self, path: str, mode: int = 0o700) -> None:
        if not os.path.isdir(path):
            self._change("make_folder", path)
        super().make_folder(path, mode)


def always(code: int, *operations: str) -> Callable[[str, str], None]:
    """A fault that refuses `operations` (all that change something, when none is named) with the error `code`."""

    def fault(operation: str, path: str) -> None:
        if not operations or operation in operations:
            raise OSError(code, os.strerror(code), path)

    return fault
