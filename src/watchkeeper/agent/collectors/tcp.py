"""TCP connections by state, from /proc/net/tcp and tcp6."""

from __future__ import annotations

import time

from watchkeeper.agent.machine import MissingError
from watchkeeper.agent.names import Names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine

# In the order of the kernel's numbers, from 1 (include/net/tcp_states.h).
STATES = (
    "established",
    "syn_sent",
    "syn_recv",
    "fin_wait1",
    "fin_wait2",
    "time_wait",
    "close",
    "close_wait",
    "last_ack",
    "listen",
    "closing",
    "new_syn_recv",
)


# The kernel takes long to list many connections: so many times as long the figures hold, in seconds at most _REST.
_SHARE = 3000.0
_REST = 60.0


class Tcp:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._due = float("-inf")
        self._counts: dict[str, float] = {}
        self._names = [Names("state", "tcp.connections")[state][0] for state in STATES]

    def __call__(self, now: float) -> dict[str, float]:
        if now >= self._due:
            begin = time.thread_time()
            self._counts = self._count()
            self._due = now + min(_REST, _SHARE * (time.thread_time() - begin))
        return self._counts

    def _count(self) -> dict[str, float]:
        counts = [0] * len(STATES)
        _count(self._machine.read(self._machine.proc + "/net/tcp"), counts)
        try:
            _count(self._machine.read(self._machine.proc + "/net/tcp6"), counts)
        except MissingError:
            pass  # IPv6 is switched off.
        # A request that is half open counts as syn_recv, as `ss` shows it.
        counts[2] += counts.pop()
        return dict(zip(self._names, map(float, counts)))


def _count(data: bytes, counts: list[int]) -> None:
    """Add up the states without taking lines apart: there may be a hundred thousand.

    The state is the only field of two digits that begins with a zero.
    """
    for number in range(1, len(STATES) + 1):
        counts[number - 1] += data.count(b" %02X " % number)
