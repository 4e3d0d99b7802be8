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
from collections.abc import Callable
from pathlib import Path

from bench import rivals_questions, rivals_servers
from bench.dataset import SERIES
from bench.hub import Hub
from bench.report import Figure, Report, is_quick, median_figure, number
from bench.rivals_round import FULL, QUICK, Round, Seen, run


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
