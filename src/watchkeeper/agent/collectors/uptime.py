"""Time since boot, from /proc/uptime."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine


class Uptime:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def __call__(self, now: float) -> dict[str, float]:
        return {"system.uptime": float(self._machine.read(self._machine.proc + "/uptime").split()[0])}
