"""How much of the processor time that it may take a container takes."""

from __future__ import annotations

from watchkeeper.agent.cgroup import Cgroup
from watchkeeper.agent.machine import MissingError
from watchkeeper.agent.rates import Rates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine


class Quota:
    def __init__(self, machine: Machine) -> None:
        self._cgroup = Cgroup(machine)
        self._rates = Rates()

    def __call__(self, now: float) -> dict[str, float]:
        found = self._cgroup.cpu()
        if found is None:
            raise MissingError("not in a container that has a processor quota")
        seconds, cores = found
        return {"cpu.quota.percent": 100.0 * self._rates.of("", now, [seconds])[0] / cores}
