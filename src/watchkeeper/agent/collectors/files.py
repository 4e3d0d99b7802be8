"""Open files of the whole system, from /proc/sys/fs/file-nr."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine


class Files:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def __call__(self, now: float) -> dict[str, float]:
        allocated, free, limit = self._machine.read(self._machine.proc + "/sys/fs/file-nr").split()
        return {"files.open": int(allocated) - int(free), "files.limit": int(limit)}
