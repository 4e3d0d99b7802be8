"""TCP connections by state, from /proc/net/tcp and tcp6."""

from __future__ import annotations

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


class Tcp:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._names = [Names("state", "tcp.connections")[state][0] for state in STATES]

    def __call__(self, now: float) -> dict[str, float]:
        counts = [0] * len(STATES)
        _count(self._machine.read(self._machine.proc + "/net/tcp"), counts)
        try:
            _count(self._machine.read(self._machine.proc + "/net/tcp6"), counts)
        except MissingError:
            pass  # IPv6 is switched off.
        # A request that is half open counts as syn_recv, as `ss` shows it.
        counts[2] += counts.pop()
        return dict(zip(self._names, counts))


def _count(data: bytes, counts: list[int]) -> None:
    """Add up the states without taking lines apart: there may be a hundred thousand.

    The state is the only field of two digits that begins with a zero.
    """
    for number in range(1, len(STATES) + 1):
        counts[number - 1] += data.count(b" %02X " % number)
