"""Pressure stall information: the share of time that tasks waited for a resource.

Taken from the running totals (Documentation/accounting/psi.rst), so that no stall between two
reports goes unseen, as it could in the kernel's own 10-second mean.
"""

from __future__ import annotations

from watchkeeper.agent.machine import MissingError
from watchkeeper.agent.rates import Rates
from watchkeeper.wire.series import series_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine

RESOURCES = ("cpu", "memory", "io", "irq")


class Pressure:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._rates = Rates()
        self._names = {
            (resource, kind): series_name("pressure.percent", {"resource": resource, "kind": kind.decode()})
            for resource in RESOURCES
            for kind in (b"some", b"full")
        }

    def __call__(self, now: float) -> dict[str, float]:
        samples: dict[str, float] = {}
        for resource in RESOURCES:
            try:
                data = self._machine.read(f"{self._machine.proc}/pressure/{resource}")
            except MissingError:
                # Only newer kernels count stalls for interrupts.
                if resource == "irq":
                    continue
                raise
            for line in data.splitlines():
                kind, _, total = line.partition(b" ")[0], *line.rpartition(b"total=")[1:]
                # For the whole system, "full" of the processor is not defined and always 0.
                if (resource, kind) == ("cpu", b"full"):
                    continue
                name = self._names[resource, kind]
                samples[name] = self._rates.of(name, now, [int(total)])[0] / 10_000.0
        return samples
