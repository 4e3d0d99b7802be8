"""Processor time, from /proc/stat (proc(5)): all together, by mode, by core."""

from __future__ import annotations

from watchkeeper.agent.names import Names
from watchkeeper.agent.rates import UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine

MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest")
_IDLE, _IOWAIT = 3, 4


class Cpu:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._before: dict[bytes, list[int]] = {}
        self._modes = [Names("mode", "cpu.mode.percent")[mode][0] for mode in MODES]
        self._cores = Names("core", "cpu.core.percent")

    def __call__(self, now: float) -> dict[str, float]:
        samples: dict[str, float] = {}
        cores = 0
        data = self._machine.read(self._machine.proc + "/stat")
        for line in data[: data.find(b"\nintr")].split(b"\n"):
            if not line.startswith(b"cpu"):
                continue
            fields = line.split()
            times = _exclusive([int(field) for field in fields[1:]])
            before = self._before.get(fields[0])
            self._before[fields[0]] = times
            if fields[0] == b"cpu":
                samples["cpu.percent"] = _busy(times, before)
                samples.update(zip(self._modes, _shares(times, before)))
            else:
                cores += 1
                samples[self._cores[fields[0][3:].decode()][0]] = _busy(times, before)
        samples["cpu.cores"] = cores
        return samples


def _exclusive(times: list[int]) -> list[int]:
    """Times by mode without overlap: the kernel counts guest time in user and nice as well."""
    times = (times + [0] * 10)[:10]
    user, nice, guest, guest_nice = times[0], times[1], times[8], times[9]
    return [user - guest, nice - guest_nice, *times[2:8], guest + guest_nice]


def _busy(times: list[int], before: list[int] | None) -> float:
    """Percent of the time since `before` that was neither idle nor waiting for I/O."""
    if before is None:
        return UNKNOWN
    total = sum(times) - sum(before)
    idle = times[_IDLE] + times[_IOWAIT] - before[_IDLE] - before[_IOWAIT]
    if total <= 0 or not 0 <= idle <= total:
        return UNKNOWN
    return 100.0 * (total - idle) / total


def _shares(times: list[int], before: list[int] | None) -> list[float]:
    total = sum(times) - sum(before) if before else 0
    if before is None or total <= 0:
        return [UNKNOWN] * len(times)
    return [100.0 * (time - last) / total if time >= last else UNKNOWN for time, last in zip(times, before)]
