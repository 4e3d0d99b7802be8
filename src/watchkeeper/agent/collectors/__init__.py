"""What the agent measures: one module a kind, registered here by one line each.

A collector is called with the monotonic time and gives samples by series name. It raises MissingError when this
machine has no such thing or does not show it. What else it raises makes it `failing`, with that as the reason.
"""

from __future__ import annotations

from watchkeeper.agent.collectors.battery import Battery
from watchkeeper.agent.collectors.cpu import Cpu
from watchkeeper.agent.collectors.disks import Disks
from watchkeeper.agent.collectors.files import Files
from watchkeeper.agent.collectors.gpu import Gpu
from watchkeeper.agent.collectors.load import Load
from watchkeeper.agent.collectors.memory import Memory
from watchkeeper.agent.collectors.network import Network
from watchkeeper.agent.collectors.pressure import Pressure
from watchkeeper.agent.collectors.processes import Processes
from watchkeeper.agent.collectors.quota import Quota
from watchkeeper.agent.collectors.space import Space
from watchkeeper.agent.collectors.tcp import Tcp
from watchkeeper.agent.collectors.temperatures import Temperatures
from watchkeeper.agent.collectors.uptime import Uptime
from watchkeeper.agent.collectors.users import Users

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from watchkeeper.agent.crew import Collect
    from watchkeeper.agent.machine import Machine

COLLECTORS: dict[str, Callable[[Machine], Collect]] = {
    "cpu": Cpu,
    "quota": Quota,
    "memory": Memory,
    "load": Load,
    "pressure": Pressure,
    "space": Space,
    "disks": Disks,
    "network": Network,
    "tcp": Tcp,
    "files": Files,
    "processes": Processes,
    "temperatures": Temperatures,
    "battery": Battery,
    "uptime": Uptime,
    "users": Users,
    "gpu": Gpu,
}

# Built by the application, which hands them more than the machine.
SPECIAL = ("agent", "textfiles", "scripts")
