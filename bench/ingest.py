"""Ingest: what a 60-series report costs the hub, all in: HTTP, token, CRC, synced commit, receipt, live state.

python -m bench.ingest [--quick]

The load comes from this process over loopback, one host and one token a connection; the hub is a process of its
own, and its CPU time (children included) is what is counted.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench import load
from bench.accounting import cpu_seconds, memory
from bench.hub import Hub
from bench.report import Figure, Report, is_quick

SERIES = 60
HOSTS = 1000


def schema() -> list[tuple[str, str, str]]:
    """60 series as an agent names them: what the list of hosts shows, and the rest."""
    known = [("cpu.percent", "gauge", "%"), ("memory.percent", "gauge", "%"), ("load.1", "gauge", "")]
    return known + [(f"bench.value{{n={at}}}", "gauge", "") for at in range(SERIES - len(known))]


class Run:
    """One way to load the hub, and what it cost."""

    def __init__(self, hub: Hub, connections: int, reports: int, per_post: int) -> None:
        self._hub = hub
        self._rng = np.random.default_rng(7)
        self._begin = time.time() - 3600 + np.random.default_rng().random() * 600
        self.queues = [self._queue(at, max(2, reports // connections), per_post) for at in range(connections)]
        self.reports = sum(len(queue) for queue in self.queues) * per_post

    def _queue(self, host: int, reports: int, per_post: int) -> list[bytes]:
        times = self._begin + 5.0 * np.arange(reports - reports % per_post or per_post, dtype=np.float64)
        values = np.asarray(np.round(self._rng.normal(50, 10, (len(times), SERIES)), 2), np.float64)
        return self._hub.requests(host, times, values, per_post)

    def saturate(self) -> tuple[float, float, load.Outcome]:
        """CPU µs a report, wall seconds, outcome."""
        before = cpu_seconds(self._hub.pid)
        outcome = load.saturate(self._hub.address, self.queues)
        return self._cost(before, outcome)

    def pace(self, interval: float) -> tuple[float, float, load.Outcome]:
        before = cpu_seconds(self._hub.pid)
        outcome = load.pace(self._hub.address, self.queues, interval)
        return self._cost(before, outcome)

    def _cost(self, before: float, outcome: load.Outcome) -> tuple[float, float, load.Outcome]:
        if outcome.failed:
            raise RuntimeError(f"{outcome.statuses}: {outcome.first_error!r}")
        spent = cpu_seconds(self._hub.pid) - before
        return spent / self.reports * 1e6, outcome.seconds, outcome


def main() -> None:
    quick = is_quick(sys.argv[1:])
    report = Report("ingest", quick=quick)
    with tempfile.TemporaryDirectory(prefix="wk-bench-") as folder:
        hub = Hub(Path(folder), HOSTS, schema())
        try:
            _measure(report, hub, 10_000 if quick else 40_000)
        finally:
            hub.stop()
    report.publish()


def _measure(report: Report, hub: Hub, reports: int) -> None:
    Run(hub, HOSTS, 2 * HOSTS, 1).saturate()
    for connections in (1, 8, 64, 1000):
        # A single connection waits for each commit in turn: fewer reports, or the run takes minutes.
        run = Run(hub, connections, reports if connections > 8 else reports // 8, 1)
        bar = 85.0 if connections == 1000 else None
        _note(
            report,
            f"saturated, {connections} connections",
            run,
            *run.saturate(),
            bar=bar,
            rate_bar=700_000 if bar else None,
        )
    seconds = max(5, reports // 2000)
    run = Run(hub, 1000, 1000 * seconds, 1)
    _note(report, "1,000 reports/s from 1,000 connections", run, *run.pace(1.0), bar=150.0, rate_bar=None)
    run = Run(hub, 64, reports * 2, 8)
    _note(report, "8 reports a POST, 64 connections", run, *run.saturate(), bar=None, rate_bar=2_000_000)
    rss = memory(hub.pid).rss / 2**20
    report.add(Figure("ingest.memory", "resident memory with 1,000 hosts after all this", rss, "MiB"))


def _note(
    report: Report,
    what: str,
    run: Run,
    cost: float,
    seconds: float,
    outcome: load.Outcome,
    *,
    bar: float | None,
    rate_bar: float | None,
) -> None:
    name = "ingest." + "-".join(what.replace(",", "").split())
    wait = _percentiles(outcome.waits)
    note = (
        f"{run.reports:,} reports in {seconds:.1f} s on the wall; receipt after p50 {wait[0]:.1f}, p99 {wait[1]:.1f} ms"
    )
    report.add(Figure(name + ".cpu", f"{what}: hub CPU", cost, "µs a report", at_most=bar, note=note))
    report.add(Figure(name + ".rate", what, SERIES / cost * 1e6, "samples/s a core", at_least=rate_bar))


def _percentiles(waits: Sequence[float]) -> tuple[float, float]:
    milliseconds = np.array(waits) * 1e3
    return float(np.percentile(milliseconds, 50)), float(np.percentile(milliseconds, 99))


if __name__ == "__main__":
    main()
