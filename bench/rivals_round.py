"""One round over all servers: the same samples in the same minute, slice by slice in turn."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench import load, rivals_questions, rivals_servers
from bench.accounting import memory
from bench.dataset import SERIES, STEP, SyntheticHost
from bench.hub import Hub
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

    def ask(self) -> None:
        """Ask all servers the same; they must agree on what the newest values are."""
        sums = {}
        for server in self.servers:
            sums[server.name], self.seen[server.name].answers = rivals_questions.ask(
                server, self.newest, self.size.hosts
            )
        ours = sums[Hub.name]
        assert all(abs(each - ours) < 1e-6 * abs(ours) for each in sums.values()), f"answers differ: {sums}"

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
        everything.ask()
        everything.settle()
    finally:
        for server in everything.servers:
            server.stop()
    return everything
