"""Load averages, from /proc/loadavg."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine


class Load:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def __call__(self, now: float) -> dict[str, float]:
        one, five, fifteen = self._machine.read(self._machine.proc + "/loadavg").split()[:3]
        return {"load.1": float(one), "load.5": float(five), "load.15": float(fifteen)}
