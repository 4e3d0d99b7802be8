"""Traffic of each interface, from /proc/net/dev."""

from __future__ import annotations

from watchkeeper.agent.names import Names
from watchkeeper.agent.rates import Rates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine

# Ends of pairs that belong to containers and virtual machines: they come and go, and their traffic
# is counted where it enters the machine.
SKIPPED = ("veth", "ifb", "dummy", "cali", "vnet", "lxc", "fwbr", "fwpr", "fwln")

_METRICS = (
    "network.receive",
    "network.receive.packets",
    "network.receive.errors",
    "network.receive.drops",
    "network.send",
    "network.send.packets",
    "network.send.errors",
    "network.send.drops",
)
_COLUMNS = (0, 1, 2, 3, 8, 9, 10, 11)


class Network:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._rates = Rates()
        self._names = Names("interface", *_METRICS)

    def __call__(self, now: float) -> dict[str, float]:
        samples: dict[str, float] = {}
        seen: set[str] = set()
        for line in self._machine.read(self._machine.proc + "/net/dev").decode().splitlines()[2:]:
            interface, _, rest = line.partition(":")
            interface = interface.strip()
            if interface == "lo" or interface.startswith(SKIPPED):
                continue
            fields = rest.split()
            counts = [int(fields[column]) for column in _COLUMNS]
            if any(counts):
                seen.add(interface)
                samples.update(zip(self._names[interface], self._rates.of(interface, now, counts)))
        self._rates.keep(seen)  # type: ignore[arg-type]
        self._names.keep(seen)
        return samples
