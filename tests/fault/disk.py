"""Small disks of their own, so that one can be filled and broken without harm to the machine. They need root.

Where nothing may be mounted, `may_mount()` is false, and the scenarios use a quota of the process instead.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import resource
import subprocess
import tempfile
from pathlib import Path
from typing import Self

_mounted: list[Path] = []


class SmallDisk:
    """A tmpfs of `size` bytes at `path`; nothing at all, and `mounted` false, where mounting is not allowed."""

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.size = size
        self.mounted = False
        self._ballast = path / "ballast"

    def __enter__(self) -> Self:
        self.path.mkdir(parents=True, exist_ok=True)
        self.mounted = may_mount() and self._mount()
        if self.mounted:
            _mounted.append(self.path)
        return self

    def __exit__(self, *_: object) -> None:
        if self.mounted:
            _unmount(self.path)

    def _mount(self) -> bool:
        return _run("mount", "-t", "tmpfs", "-o", f"size={self.size}", "tmpfs", str(self.path))

    def fill(self, leave: int = 0) -> None:
        """Take all the room that is left but `leave` bytes."""
        size = 0
        with self._ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                size += file.write(bytes(16 << 10))
        if leave:
            os.truncate(self._ballast, max(0, self._ballast.stat().st_size - leave))

    def empty(self) -> None:
        """Give the room back."""
        self._ballast.unlink()


class BreakingDisk(SmallDisk):
    """An ext4 of `size` bytes in a file. It can turn read-only under open files and lose what was not synced."""

    def _mount(self) -> bool:
        self._image = self.path.with_suffix(".ext4")
        with self._image.open("wb") as file:
            file.truncate(self.size)
        return _run("mkfs.ext4", "-q", "-F", str(self._image)) and self._attach()

    def _attach(self) -> bool:
        return _run("mount", "-o", "loop", str(self._image), str(self.path))

    def break_down(self) -> None:
        """What ext4 does when its device reports an error: read-only at once, the open transaction is gone."""
        assert _run("mount", "-o", "remount,abort", str(self.path))

    def mend(self) -> None:
        """Check and mount again; nobody may have a file on it open."""
        _unmount(self.path)
        # Exit status 1 says that errors were corrected.
        subprocess.run(["fsck.ext4", "-p", str(self._image)], stdout=subprocess.DEVNULL, check=False)
        assert self._attach()
        _mounted.append(self.path)


def limit_files(pid: int, size: int | None) -> None:
    """Let no file of a process grow over `size` bytes, or (None) as large as it likes: a quota without root."""
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most if size is None else size, most))


@functools.cache
def may_mount() -> bool:
    """Whether this process may mount a tmpfs."""
    if os.name != "posix" or os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        if not _run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder):
            return False
        return _run("umount", folder)


@functools.cache
def may_break() -> bool:
    """Whether this process may make, mount and break an ext4."""
    if not may_mount():
        return False
    with tempfile.TemporaryDirectory() as folder, BreakingDisk(Path(folder) / "disk", 1 << 20) as disk:
        return disk.mounted


def _unmount(path: Path) -> None:
    # Lazily: a process that was just killed may still be letting go of its files.
    _run("umount", str(path)) or _run("umount", "-l", str(path))
    if path in _mounted:
        _mounted.remove(path)


def _run(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0
    except FileNotFoundError:
        return False


@atexit.register
def _unmount_what_is_left() -> None:
    for path in list(_mounted):
        _unmount(path)
