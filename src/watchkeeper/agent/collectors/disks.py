"""Reads and writes of each block device, from /proc/diskstats (Documentation/admin-guide/iostats.rst)."""

from __future__ import annotations

import os

from watchkeeper.agent.names import Names
from watchkeeper.agent.rates import Rates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine

_SKIPPED = ("loop", "ram", "zram", "sr", "fd", "nbd")
_SECTOR = 512


class Disks:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._rates = Rates()
        self._names = Names("device", "disk.reads", "disk.read", "disk.writes", "disk.write", "disk.busy")
        self._whole: dict[str, bool] = {}

    def __call__(self, now: float) -> dict[str, float]:
        samples: dict[str, float] = {}
        seen: set[str] = set()
        for line in self._machine.read(self._machine.proc + "/diskstats").decode().splitlines():
            fields = line.split()
            device = fields[2]
            if device.startswith(_SKIPPED) or not self._is_whole(device):
                continue
            counts = [int(fields[3]), int(fields[5]), int(fields[7]), int(fields[9]), int(fields[12])]
            if not any(counts):
                continue
            seen.add(device)
            reads, read, writes, written, busy = self._rates.of(device, now, counts)
            # The kernel rounds busy time to milliseconds, which can make it exceed the time that passed.
            figures = (reads, read * _SECTOR, writes, written * _SECTOR, min(busy / 10.0, 100.0))
            samples.update(zip(self._names[device], figures))
        self._rates.keep(seen)  # type: ignore[arg-type]
        self._names.keep(seen)
        return samples

    def _is_whole(self, device: str) -> bool:
        """A partition's work is its disk's work too: only whole devices count."""
        known = self._whole.get(device)
        if known is None:
            folder = f"{self._machine.sys}/class/block/{device}"
            known = self._whole[device] = not os.path.exists(folder + "/partition")
        return known
