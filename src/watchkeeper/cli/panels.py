"""What `wk top` draws, from what it knows: no terminal, no network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from watchkeeper.cli import figures, output
from watchkeeper.client.live import LiveEvent
from watchkeeper.client.model import Host, Process, Processes

# Key that sorts by it, its head, and what a host has there.
SORTS: dict[str, tuple[str, Callable[[Host], float | None]]] = {
    "c": ("CPU", lambda host: host.now.cpu if host.now else None),
    "m": ("MEM", lambda host: host.now.memory if host.now else None),
    "d": ("DISK", lambda host: host.now.disk if host.now else None),
    "l": ("LOAD", lambda host: host.now.load if host.now else None),
}
BAR = 8
WIDE = 100
WARN, CRITICAL = 80.0, 95.0


class Schema(msgspec.Struct):
    """The part of a `schema` event that is needed here."""

    number: int
    series: list[dict[str, Any]]


class Report(msgspec.Struct):
    """The part of a `report` event that is needed here."""

    time: float
    schema: int
    values: list[float | None]


class HostView:
    """One host as the `/live?host=` stream tells it: feed it each event."""

    def __init__(self, host: Host, processes: Processes) -> None:
        self.host = host
        self.processes = processes
        self.values: dict[str, float | None] = {}
        self._names: dict[int, list[str]] = {}

    def take(self, event: LiveEvent) -> bool:
        """Apply one event; true when something changed."""
        if event.name == "host":
            self.host = msgspec.json.decode(event.data, type=Host)
        elif event.name == "schema":
            schema = msgspec.json.decode(event.data, type=Schema)
            self._names[schema.number] = [str(series["name"]) for series in schema.series]
        elif event.name == "report":
            report = msgspec.json.decode(event.data, type=Report)
            self.values = dict(zip(self._names.get(report.schema, ()), report.values, strict=False))
            self.host.last_report = report.time
        elif event.name == "processes":
            self.processes = msgspec.json.decode(event.data, type=Processes)
        else:
            return False
        return True


def fleet(hosts: Sequence[Host], *, sort: str, offset: int, width: int, height: int, now: float) -> RenderableType:
    """The table of all hosts in `height` lines."""
    states = {status: sum(host.status == status for host in hosts) for status in output.STATUS_MARKS}
    head = Text(f"{len(hosts)} host{'' if len(hosts) == 1 else 's'}", style="bold")
    for status, count in states.items():
        if count:
            head.append(f"   {output.STATUS_MARKS[status]} {count} {status}", style=output.STATUS_STYLES[status])
    table = _table()
    table.add_column("HOST", overflow="ellipsis", no_wrap=True, ratio=1)
    for name in ("STATUS", "CPU", "MEM", "DISK", "LOAD", *(("RECEIVE", "SEND") if width >= WIDE else ()), "REPORT"):
        table.add_column(name, justify="left" if name == "STATUS" else "right", no_wrap=True)
    for host in _sorted(hosts, sort)[offset : offset + height - 2]:
        table.add_row(*_host_cells(host, width, now))
    return Group(head, table)


def one_host(view: HostView, *, width: int, height: int, now: float) -> RenderableType:
    """One host: bars for what is scarce, then the processes, in `height` lines."""
    host = view.host
    head = Text(host.name, style="bold").append("   ").append_text(output.status_text(host.status))
    head.append(f"   report {figures.ago(host.last_report, now)}", style="bright_black")
    lines: list[RenderableType] = [head, *_bars(view, width)]
    table = _table()
    for name, right in ((">PID", True), ("PROCESS", False), ("USER", False), ("CPU", True), ("MEMORY", True)):
        table.add_column(
            name.removeprefix(">"), justify="right" if right else "left", no_wrap=True, overflow="ellipsis"
        )
    table.add_column("COMMAND", no_wrap=True, overflow="ellipsis", ratio=1)
    for process in view.processes.by_cpu[: max(0, height - len(lines) - 1)]:
        table.add_row(*_process_cells(process))
    return Group(*lines, table)


def _bars(view: HostView, width: int) -> list[Text]:
    newest = view.host.now
    shares = (
        ("cpu", view.values.get("cpu.percent"), newest.cpu if newest else None),
        ("memory", view.values.get("memory.percent"), newest.memory if newest else None),
        ("swap", view.values.get("swap.percent"), None),
        ("disk", None, newest.disk if newest else None),
    )
    room = max(BAR, min(60, width - 24))
    lines = []
    for name, live, last in shares:
        value = live if live is not None else last
        if value is not None:
            lines.append(Text(f"{name:>8} ").append_text(_bar(value, room)).append(f" {figures.figure(value, '%'):>6}"))
    load = view.values.get("load.1", newest.load if newest else None)
    traffic = [newest.receive, newest.send] if newest else [None, None]
    moved = f"in {figures.figure(traffic[0], 'B/s')}   out {figures.figure(traffic[1], 'B/s')}"
    lines.append(Text(f"{'load':>8} {figures.figure(load)}   {moved}"))
    return lines


def _bar(value: float, room: int) -> Text:
    full = round(min(100.0, max(0.0, value)) / 100 * room)
    return Text("━" * full, style=_share_style(value)).append("─" * (room - full), style="bright_black")


def _share_style(value: float | None) -> str:
    if value is None or value < WARN:
        return "cyan"
    return "yellow" if value < CRITICAL else "red"


def _host_cells(host: Host, width: int, now: float) -> list[Text]:
    newest = host.now
    shares = [(newest.cpu, newest.memory, newest.disk) if newest else (None, None, None)][0]
    cells = [Text(host.name), output.status_text(host.status)]
    cells += [
        Text(figures.figure(share, "%"), style="" if (share or 0) < WARN else _share_style(share)) for share in shares
    ]
    cells.append(Text(figures.figure(newest.load if newest else None)))
    if width >= WIDE:
        cells += [Text(figures.figure(getattr(newest, way) if newest else None, "B/s")) for way in ("receive", "send")]
    age = figures.UNKNOWN if host.last_report is None else figures.duration(max(0.0, now - host.last_report))
    return [*cells, Text(age, style="" if host.status == "online" else "bright_black")]


def _process_cells(process: Process) -> list[Text]:
    cells = (
        str(process.pid),
        process.name,
        process.user,
        figures.figure(process.cpu, "%"),
        figures.figure(process.memory, "B"),
        process.command or process.name,
    )
    return [Text(cell) for cell in cells]


def _sorted(hosts: Sequence[Host], sort: str) -> list[Host]:
    if sort not in SORTS:
        return sorted(hosts, key=lambda host: host.name)
    value = SORTS[sort][1]
    return sorted(hosts, key=lambda host: (-(value(host) or -1.0), host.name))


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", expand=True)
