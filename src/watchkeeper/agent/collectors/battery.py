"""Charge of each battery, from /sys/class/power_supply (Documentation/ABI/testing/sysfs-class-power)."""

from __future__ import annotations

from watchkeeper.agent.machine import MissingError
from watchkeeper.agent.names import Names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine


class Battery:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._names = Names("battery", "battery.percent", "battery.charging")

    def __call__(self, now: float) -> dict[str, float]:
        samples: dict[str, float] = {}
        base = self._machine.sys + "/class/power_supply"
        for supply in self._machine.names(base):
            folder = f"{base}/{supply}"
            # Mice and headsets are supplies too, of scope "Device".
            if self._machine.text(folder + "/type") != "Battery" or self._machine.text(folder + "/scope") == "Device":
                continue
            percent, charging = self._names[supply]
            capacity = self._machine.text(folder + "/capacity")
            if capacity.isdigit():
                samples[percent] = int(capacity)
            samples[charging] = self._machine.text(folder + "/status") in ("Charging", "Full")
        if not samples:
            raise MissingError("no battery here")
        return samples
