"""Every metric that the agent's own collectors may report, with unit, kind and meaning.

Units: `%`, `B` (bytes, shown as KiB …), `B/s`, `1/s`, `s`, `°C`, `W`, `MHz`, `` (a plain number). A rate is over the
time since the previous report; the first report has none. The web page, the command line and
docs/metrics.md are made from this table.
"""

from __future__ import annotations

from watchkeeper.wire.records import GAUGE


class Metric:
    """One metric: `labels` are the names of its labels, `help` one line for a person."""

    __slots__ = ("help", "kind", "labels", "name", "unit")

    def __init__(self, name: str, unit: str, help: str, labels: tuple[str, ...] = (), kind: str = GAUGE) -> None:
        self.name = name
        self.unit = unit
        self.help = help
        self.labels = labels
        self.kind = kind


METRICS: tuple[Metric, ...] = (
    Metric("cpu.percent", "%", "time that the processors were busy, all cores together"),
    Metric(
        "cpu.mode.percent",
        "%",
        "share of time by mode: user, nice, system, iowait, irq, softirq, steal, guest, idle",
        ("mode",),
    ),
    Metric("cpu.core.percent", "%", "time that one core was busy", ("core",)),
    Metric("cpu.cores", "", "processors that are online"),
    Metric("cpu.quota.percent", "%", "use of the processor time that the container may take"),
    Metric("memory.total", "B", "memory of the machine, or the limit of the container"),
    Metric("memory.used", "B", "memory in use: total less available"),
    Metric("memory.available", "B", "memory that programs can still get without swapping"),
    Metric("memory.cached", "B", "file cache"),
    Metric("memory.buffers", "B", "block buffers"),
    Metric("memory.percent", "%", "memory in use"),
    Metric("swap.total", "B", "swap space"),
    Metric("swap.used", "B", "swap space in use"),
    Metric("swap.percent", "%", "swap space in use"),
    Metric("load.1", "", "runnable and waiting processes, mean of 1 minute"),
    Metric("load.5", "", "runnable and waiting processes, mean of 5 minutes"),
    Metric("load.15", "", "runnable and waiting processes, mean of 15 minutes"),
    Metric(
        "pressure.percent", "%", "time that tasks stalled for a resource; kind is some or full", ("kind", "resource")
    ),
    Metric("disk.total", "B", "size of a file system", ("mount",)),
    Metric("disk.used", "B", "space in use on a file system", ("mount",)),
    Metric("disk.free", "B", "space that an ordinary user may still take", ("mount",)),
    Metric("disk.percent", "%", "space in use on a file system", ("mount",)),
    Metric("disk.inodes.percent", "%", "inodes in use on a file system", ("mount",)),
    Metric("disk.read", "B/s", "bytes read from a device", ("device",)),
    Metric("disk.write", "B/s", "bytes written to a device", ("device",)),
    Metric("disk.reads", "1/s", "read operations on a device", ("device",)),
    Metric("disk.writes", "1/s", "write operations on a device", ("device",)),
    Metric("disk.busy", "%", "time that a device had work", ("device",)),
    Metric("network.receive", "B/s", "bytes received by an interface", ("interface",)),
    Metric("network.send", "B/s", "bytes sent by an interface", ("interface",)),
    Metric("network.receive.packets", "1/s", "packets received by an interface", ("interface",)),
    Metric("network.send.packets", "1/s", "packets sent by an interface", ("interface",)),
    Metric("network.receive.errors", "1/s", "receive errors of an interface", ("interface",)),
    Metric("network.send.errors", "1/s", "send errors of an interface", ("interface",)),
    Metric("network.receive.drops", "1/s", "received packets that were dropped", ("interface",)),
    Metric("network.send.drops", "1/s", "packets to send that were dropped", ("interface",)),
    Metric(
        "tcp.connections",
        "",
        "TCP connections by state; where there are very many, counted anew once a minute only",
        ("state",),
    ),
    Metric("files.open", "", "open files of the whole system"),
    Metric("files.limit", "", "open files that the system allows"),
    Metric("processes.count", "", "processes"),
    Metric(
        "processes.state",
        "",
        "processes by state: running, sleeping, blocked, stopped, zombie, idle; every 30 s",
        ("state",),
    ),
    Metric("temperature", "°C", "temperature of a sensor", ("sensor",)),
    Metric("battery.percent", "%", "charge of a battery", ("battery",)),
    Metric("battery.charging", "", "1 while a battery charges or is full on mains, else 0", ("battery",)),
    Metric("system.uptime", "s", "time since boot"),
    Metric("users.sessions", "", "users that are logged in"),
    Metric("gpu.percent", "%", "time that a GPU was busy", ("gpu",)),
    Metric("gpu.memory.used", "B", "memory in use on a GPU", ("gpu",)),
    Metric("gpu.memory.percent", "%", "memory in use on a GPU", ("gpu",)),
    Metric("gpu.temperature", "°C", "temperature of a GPU", ("gpu",)),
    Metric("gpu.power", "W", "power drawn by a GPU", ("gpu",)),
    Metric("agent.cpu.percent", "%", "one core's time that the agent took"),
    Metric("agent.memory", "B", "resident memory of the agent"),
    Metric("agent.spool.size", "B", "bytes in the agent's spool that no hub has receipted"),
    Metric("agent.spool.batches", "", "batches in the agent's spool that no hub has receipted"),
    Metric("agent.spool.age", "s", "age of the oldest batch that no hub has receipted"),
    Metric("agent.disk.free", "B", "free space where the agent keeps its spool"),
    Metric("agent.collector.time", "s", "time that a collector took", ("collector",)),
    Metric("agent.collector.ok", "", "1 when a collector worked, 0 when it failed", ("collector",)),
)

BY_NAME: dict[str, Metric] = {metric.name: metric for metric in METRICS}
