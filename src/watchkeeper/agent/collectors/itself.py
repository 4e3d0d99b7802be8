"""The agent's own cost: processor time and memory of this process, and the state of its spool."""

from __future__ import annotations

import os
import time

from watchkeeper.agent.rates import Rates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from watchkeeper.agent.machine import Machine


class Itself:
    """`spool` answers the agent.spool.* and agent.disk.* samples."""

    def __init__(self, machine: Machine, spool: Callable[[], dict[str, float]]) -> None:
        self._machine = machine
        self._spool = spool
        self._rates = Rates()

    def __call__(self, now: float) -> dict[str, float]:
        times = os.times()
        seconds = time.process_time() + times.children_user + times.children_system
        pages = self._machine.read(self._machine.proc + "/self/statm").split()[1]
        samples = {
            "agent.cpu.percent": 100.0 * self._rates.of("", now, [seconds])[0],
            "agent.memory": float(int(pages) * self._machine.page),
        }
        samples.update(self._spool())
        return samples
