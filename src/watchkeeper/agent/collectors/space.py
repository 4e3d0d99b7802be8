"""Space and inodes of each mounted file system."""

from __future__ import annotations

import os
import threading

from watchkeeper.agent.board import FAILING
from watchkeeper.agent.mounts import is_folder, parse
from watchkeeper.agent.names import Names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine
    from watchkeeper.agent.mounts import Mount

# A file server on the same network answers within milliseconds; one that is gone never does.
REMOTE_SECONDS = 0.5


class Space:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._names = Names("mount", "disk.total", "disk.used", "disk.free", "disk.percent", "disk.inodes.percent")
        self._table = b""
        self._mounts: list[Mount] = []
        self._asked: dict[str, Answer] = {}

    def __call__(self, now: float) -> dict[str, float]:
        table = self._machine.read(self._machine.proc + "/self/mountinfo")
        if table != self._table:
            self._mounts = [mount for mount in parse(table) if is_folder(mount)]
            self._table = table
            points = [mount.point for mount in self._mounts]
            self._asked = {point: answer for point, answer in self._asked.items() if point in points}
        samples: dict[str, float] = {}
        for mount in self._mounts:
            stat = self._remote(mount.point) if mount.remote else _statvfs(mount.point)
            if stat is not None and stat.f_blocks:
                samples.update(zip(self._names[_printable(mount.point)], _figures(stat)))
        return samples

    @property
    def parts(self) -> dict[str, tuple[str, str, float]]:
        """Remote file systems that do not answer, each as a state of its own."""
        reason = f"hangs: no answer within {REMOTE_SECONDS:g} s"
        return {f"space:{point}": (FAILING, reason, 0.0) for point, answer in self._asked.items() if answer.late}

    def _remote(self, point: str) -> os.statvfs_result | None:
        """Ask in a thread of its own: a dead file server holds the caller for ever. One asks at a time."""
        answer = self._asked.get(point)
        if answer is None or answer.done.is_set():
            answer = self._asked[point] = Answer(point)
            answer.start()
        elif answer.late:
            return None
        if not answer.done.wait(REMOTE_SECONDS):
            answer.late = True
            return None
        return answer.stat


class Answer(threading.Thread):
    """One question to a file system that may never answer."""

    def __init__(self, point: str) -> None:
        super().__init__(name="statvfs", daemon=True)
        self._point = point
        self.done = threading.Event()
        self.late = False
        self.stat: os.statvfs_result | None = None

    def run(self) -> None:
        self.stat = _statvfs(self._point)
        self.done.set()


def _statvfs(point: str) -> os.statvfs_result | None:
    try:
        return os.statvfs(point)
    except OSError:
        return None  # Unmounted this instant, or not for this user.


def _figures(stat: os.statvfs_result) -> list[float]:
    total = stat.f_blocks * stat.f_frsize
    used = (stat.f_blocks - stat.f_bfree) * stat.f_frsize
    free = stat.f_bavail * stat.f_frsize
    # As df does: blocks that are reserved for root count neither as used nor as free.
    figures = [total, used, free, 100.0 * used / (used + free) if used + free else 100.0]
    if stat.f_files:
        figures.append(100.0 * (stat.f_files - stat.f_ffree) / stat.f_files)
    return figures


def _printable(point: str) -> str:
    """Names on disk are bytes, names of series are text."""
    return point.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
