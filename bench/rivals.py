"""The hub, Prometheus and VictoriaMetrics side by side: the same samples, the same load generator, the same minute.

    python -m bench.rivals [--quick]

All servers run at once and take turns, slice by slice, so that a machine whose speed drifts slows all of them
alike. CPU is user and system time of the server's processes, children included. A rival that is not installed
is left out, and the table says so.
"""

from __future__ import annotations

import functools
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench import load, rivals_questions, rivals_servers
from bench.accounting import memory
from bench.dataset import SERIES, STEP, SyntheticHost
from bench.hub import Hub
from bench.report import Figure, Report, is_quick, median_figure, number
from bench.rivals_servers import Rival
from bench.rivals_write import Floats

Server = Hub | Rival
CONNECTIONS = 64


@dataclass
class Size:
    """How much is sent. Steps are of 10 s; a phase is (slices, steps a slice, reports a POST)."""

    hosts: int
    history_hosts: int = 4
    history: int = 8280
    one: tuple[int, int, int] = (3, 20, 1)
    eight: tuple[int, int, int] = (3, 40, 8)
    rest: tuple[int, int, int] = (1, 165, 33)
    paced: int = 15

    @property
    def hour(self) -> int:
        return sum(slices * steps for slices, steps, _ in (self.one, self.eight, self.rest)) + self.paced


FULL = Size(hosts=1000)
QUICK = Size(hosts=200, history=2160, one=(1, 20, 1), eight=(1, 40, 8), rest=(1, 10, 10), paced=5)


@dataclass
class Seen:
    """What one server took. CPU seconds and samples a slice, by phase."""

    slices: dict[str, list[tuple[float, float, int]]] = field(default_factory=dict)
    waits: dict[str, list[float]] = field(default_factory=dict)
    begin: float = 0.0
    settled_cpu: float = 0.0
    empty: float = 0.0
    full: float = 0.0
    disk: dict[str, float] = field(default_factory=dict)
    answers: dict[str, list[float]] = field(default_factory=dict)

    def per_core(self, phase: str) -> list[float]:
        """Samples a second of CPU, by slice."""
        return [samples / cpu for cpu, _, samples in self.slices.get(phase, []) if cpu]


class Round:
    """One run of everything over `servers`."""

    def __init__(self, servers: Sequence[Server], size: Size) -> None:
        self.servers = servers
        self.size = size
        self.seen = {server.name: Seen() for server in servers}
        self.samples = 0
        end = time.time() // STEP * STEP
        self.times: Floats = end - STEP * np.arange(size.hour, 0, -1.0)
        self.values = [SyntheticHost(host).matrix(size.hour) for host in range(size.hosts)]
        self._at = 0

    @property
    def newest(self) -> float:
        """The time of the last sample."""
        return float(self.times[-1])

    def history(self) -> None:
        """A day of a few hosts, hour by hour, so that no server sees samples out of order."""
        steps, hosts = self.size.history, range(self.size.history_hosts)
        times = self.times[0] - STEP * np.arange(steps, 0, -1)
        values = [SyntheticHost(10_000 + host).matrix(steps) for host in hosts]
        for server in self.servers:
            queue: list[bytes] = []
            for at in range(0, steps, 60):
                for host in hosts:
                    window = slice(at, at + 60)
                    queue += server.requests(host, times[window], values[host][window], 60)
            self._send(server, "history", [queue], len(hosts) * steps)
            server.take_in()
        self.samples += len(hosts) * steps * len(SERIES)

    def phase(self, name: str, slices: int, steps: int, per_post: int) -> None:
        """Everything that the hosts report in `slices` × `steps` steps, as fast as each server takes it."""
        for _ in range(slices):
            window = slice(self._at, self._at + steps)
            for server in self.servers:
                self._send(server, name, self._queues(server, window, per_post), self.size.hosts * steps)
            self._at += steps
            self.samples += self.size.hosts * steps * len(SERIES)

    def paced(self) -> None:
        """A connection a host, a report a second each."""
        window = slice(self._at, self._at + self.size.paced)
        for server in self.servers:
            queues = [server.requests(host, *self._cut(host, window), 1) for host in range(self.size.hosts)]
            run = functools.partial(load.pace, server.address, queues, 1.0)
            self._run(server, "paced", run, self.size.hosts * self.size.paced)
        self._at += self.size.paced
        self.samples += self.size.hosts * self.size.paced * len(SERIES)

    def _cut(self, host: int, window: slice) -> tuple[Floats, Floats]:
        return self.times[window], self.values[host][window]

    def _queues(self, server: Server, window: slice, per_post: int) -> list[list[bytes]]:
        """A queue a connection; the hosts of a connection report in turn, step by step."""
        queues = []
        for first in range(CONNECTIONS):
            hosts = range(first, self.size.hosts, CONNECTIONS)
            each = [server.requests(host, *self._cut(host, window), per_post) for host in hosts]
            queues.append([one for turn in zip(*each, strict=True) for one in turn])
        return queues

    def _send(self, server: Server, name: str, queues: list[list[bytes]], reports: int) -> None:
        self._run(server, name, lambda: load.saturate(server.address, queues), reports)

    def _run(self, server: Server, name: str, run: Callable[[], load.Outcome], reports: int) -> None:
        seen = self.seen[server.name]
        before = server.cpu()
        outcome = run()
        cpu = server.cpu() - before
        if outcome.failed:
            raise RuntimeError(f"{server.name} refused {outcome.failed} posts: {outcome.first_error!r}")
        seen.slices.setdefault(name, []).append((cpu, outcome.seconds, reports * len(SERIES)))
        seen.waits.setdefault(name, []).extend(outcome.waits)

    def settle(self) -> None:
        for server in self.servers:
            seen = self.seen[server.name]
            seen.full = memory(server.pid, children=True).pss
            seen.disk = server.settle()
            seen.settled_cpu = server.cpu() - seen.begin


def run(size: Size, folder: Path) -> Round:
    """Start all servers, load them, wait until they have settled, ask them."""
    hub = Hub(folder / "watchkeeper", size.hosts, SERIES)
    rivals = rivals_servers.start(folder, [name for name, _, _ in SERIES])
    everything = Round([hub, *rivals], size)
    try:
        for server in everything.servers:
            everything.seen[server.name].begin = server.cpu()
            everything.seen[server.name].empty = memory(server.pid, children=True).pss
        everything.history()
        everything.phase("one", *size.one)
        everything.paced()
        everything.phase("eight", *size.eight)
        everything.phase("rest", *size.rest)
        for server in everything.servers:
            everything.seen[server.name].answers = rivals_questions.ask(server, everything.newest, size.hosts)
        everything.settle()
    finally:
        for server in everything.servers:
            server.stop()
    return everything


def figures(done: Round, quick: bool) -> Report:
    report = Report("rivals", quick)
    add = _Rows(report, done.seen)
    hosts = f"{done.size.hosts:,}"
    add.row(
        "ingest.one", "ingest, 1 report a POST", "samples/s a core", functools.partial(_rate, "one"), at_least=700_000
    )
    add.row(
        "ingest.eight", "ingest, 8 reports a POST", "samples/s a core", functools.partial(_rate, "eight"), at_least=2e6
    )
    add.row(
        "ingest.paced",
        f"{hosts} reports/s from {hosts} connections",
        "µs CPU a report",
        _paced,
        at_most=None if quick else 150,
    )
    add.row("ingest.million", "CPU a million samples, 1 a POST", "s", _a_million)
    million = done.samples / 1e6
    add.row("ingest.all", "CPU a million samples, all told", "s", functools.partial(_all_told, million))
    for phase, what in (("one", "1 report a POST, saturated"), ("paced", f"{hosts} reports/s")):
        add.row(f"ack.{phase}", f"answer, p99, {what}", "ms", functools.partial(_ack, phase))
    add.row("memory", f"memory (PSS) with {hosts} hosts and their hour", "MB", _memory)
    add.row("disk", "disk once settled", "bytes a sample", functools.partial(_disk, done.samples), at_most=1.2)
    chunks = done.seen[Hub.name].disk["chunks"] / done.samples
    report.add(Figure("disk.chunks", "raw chunks alone", chunks, "bytes a sample", at_most=1.0))
    for question, bar in rivals_questions.QUESTIONS.items():
        add.row(question.name, question.what, "ms", functools.partial(_milliseconds, question.name), at_most=bar)
    ours = done.seen[Hub.name].disk
    parts = ", ".join(f"{part} {number(ours[part] / done.samples)}" for part in ("chunks", "rollups", "journal"))
    report.notes.append(f"watchkeeper, bytes a sample: {parts}; compaction at the end took {ours['cpu']:.1f} s of CPU")
    report.notes += _notes(done)
    return report


def _a_million(seen: Seen) -> list[float]:
    return [1e6 / rate for rate in seen.per_core("one")]


def _all_told(million: float, seen: Seen) -> list[float]:
    return [seen.settled_cpu / million]


def _disk(samples: int, seen: Seen) -> list[float]:
    return [seen.disk["settled"] / samples]


def _rate(phase: str, seen: Seen) -> list[float]:
    return seen.per_core(phase)


def _memory(seen: Seen) -> list[float]:
    return [seen.full / 1e6]


def _paced(seen: Seen) -> list[float]:
    return [cpu / (samples / len(SERIES)) * 1e6 for cpu, _, samples in seen.slices["paced"]]


def _milliseconds(question: str, seen: Seen) -> list[float]:
    return [seconds * 1000 for seconds in seen.answers.get(question, [])]


def _ack(phase: str, seen: Seen) -> list[float]:
    return [_p99(seen.waits[phase]) * 1000]


def _p99(waits: list[float]) -> float:
    return sorted(waits)[int(len(waits) * 0.99)]


class _Rows:
    """Adds a figure that all servers have to a report."""

    def __init__(self, report: Report, seen: dict[str, Seen]) -> None:
        self._report = report
        self._seen = seen

    def row(
        self,
        name: str,
        what: str,
        unit: str,
        of: Callable[[Seen], list[float]],
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> None:
        ours = of(self._seen[Hub.name])
        figure = median_figure(name, what, ours, unit, at_least=at_least, at_most=at_most)
        for kind in (rivals_servers.Prometheus, rivals_servers.VictoriaMetrics):
            seen = self._seen.get(kind.name)
            runs = of(seen) if seen else []
            figure.rivals[kind.name] = statistics.median(runs) if runs else None
        self._report.add(figure)


def _notes(done: Round) -> list[str]:
    notes = [f"{done.size.hosts:,} hosts × {len(SERIES)} series, {done.samples:,} samples in all"]
    for server in done.servers:
        seen = done.seen[server.name]
        version = "" if isinstance(server, Hub) else f" {rivals_servers.version(server.name)}"
        before, empty = number(seen.disk["all files"] / 1e6), number(seen.empty / 1e6)
        notes.append(
            f"{server.name}{version}: disk after {server.settled}; before that {before} MB in all files; "
            f"{empty} MB of memory when empty"
        )
    missing = [name for name in ("prometheus", "victoria-metrics") if name not in done.seen]
    if missing:
        notes.append(f"not installed: {', '.join(missing)}")
    return notes


def main() -> None:
    quick = is_quick()
    with tempfile.TemporaryDirectory(prefix="wk-bench-") as folder:
        figures(run(QUICK if quick else FULL, Path(folder)), quick).publish()


if __name__ == "__main__":
    main()
