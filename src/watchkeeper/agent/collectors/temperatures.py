"""Temperatures, from /sys/class/hwmon, or from /sys/class/thermal where there is no hwmon."""

from __future__ import annotations

from watchkeeper.agent.machine import MissingError, slurp
from watchkeeper.agent.names import Names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine

# Sensors come and go with hardware: seconds between two looks at which there are.
_LOOK = 60.0


class Temperatures:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._names = Names("sensor", "temperature")
        self._sensors: dict[str, str] = {}
        self._looked = float("-inf")

    def __call__(self, now: float) -> dict[str, float]:
        if now - self._looked >= _LOOK:
            self._sensors = _hwmon(self._machine) or _thermal(self._machine)
            self._looked = now
        if not self._sensors:
            raise MissingError("no temperature sensors here")
        samples: dict[str, float] = {}
        for sensor, path in self._sensors.items():
            try:
                samples[self._names[sensor][0]] = int(slurp(path)) / 1000.0
            except (OSError, ValueError):
                continue  # A sensor of a part that sleeps cannot be read.
        return samples


def _hwmon(machine: Machine) -> dict[str, str]:
    sensors: dict[str, str] = {}
    base = machine.sys + "/class/hwmon"
    for chip in machine.names(base):
        name = machine.text(f"{base}/{chip}/name") or chip
        for entry in machine.names(f"{base}/{chip}"):
            if entry.startswith("temp") and entry.endswith("_input"):
                label = machine.text(f"{base}/{chip}/{entry[:-6]}_label") or entry[:-6]
                _add(sensors, f"{name} {label}", f"{base}/{chip}/{entry}")
    return sensors


def _thermal(machine: Machine) -> dict[str, str]:
    sensors: dict[str, str] = {}
    base = machine.sys + "/class/thermal"
    for zone in machine.names(base):
        if zone.startswith("thermal_zone"):
            _add(sensors, machine.text(f"{base}/{zone}/type") or zone, f"{base}/{zone}/temp")
    return sensors


def _add(sensors: dict[str, str], name: str, path: str) -> None:
    """Two chips of one kind get numbers."""
    number, unique = 1, name
    while unique in sensors:
        number += 1
        unique = f"{name} #{number}"
    sensors[unique] = path
