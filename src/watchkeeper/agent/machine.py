"""The machine under watch as its kernel shows it: trees of small files."""

from __future__ import annotations

import os

_CHUNK = 16384


class MissingError(Exception):
    """This machine does not have, or does not show, what a collector reads. Says which and why."""


class Machine:
    """Reads below `proc`, `sys`, `etc` and `run`; tests hand in recorded trees.

    `ticks` are clock ticks a second and `page` bytes, the units that /proc counts in.
    """

    def __init__(self, proc: str = "/proc", sys: str = "/sys", etc: str = "/etc", run: str = "/run") -> None:
        self.proc = proc
        self.sys = sys
        self.etc = etc
        self.run = run
        self.ticks = os.sysconf("SC_CLK_TCK")
        self.page = os.sysconf("SC_PAGE_SIZE")

    def read(self, path: str) -> bytes:
        """The whole file. Raises MissingError when it is not there or may not be read."""
        try:
            return slurp(path)
        except PermissionError:
            raise MissingError(f"needs root to read {path}") from None
        except OSError as error:
            raise MissingError(f"cannot read {path}: {error.strerror}") from None

    def text(self, path: str) -> str:
        """The whole file as one stripped text, "" when it cannot be read."""
        try:
            return slurp(path).decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def names(self, folder: str) -> list[str]:
        """What lies in `folder`, sorted; empty when it is not there."""
        try:
            return sorted(os.listdir(folder))
        except OSError:
            return []


def slurp(path: str) -> bytes:
    """The whole file with as few calls as can be; files in /proc have no size to go by."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = os.read(fd, _CHUNK)
        more = os.read(fd, _CHUNK) if data else b""
        if not more:
            return data
        parts = [data]
        while more:
            parts.append(more)
            more = os.read(fd, _CHUNK)
        return b"".join(parts)
    finally:
        os.close(fd)
