"""How every script in this folder shows what it measured: a table for people, JSON for docs/benchmarks.md.

report = Report("ingest", quick=False)
report.add(Figure("ingest.one", "one report a POST", 812_000, "samples/s a core", at_least=700_000))
report.publish()        # prints the table, writes bench/results/ingest.local.json
"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


@dataclass
class Figure:
    """One measured value. `at_least` or `at_most` is the bar; `runs` are the values of which `value` is the median;
    `rivals` what others took in the same run, by name; `note` what a reader must know to believe the value."""

    name: str
    what: str
    value: float | None
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    rivals: dict[str, float | None] = field(default_factory=dict)
    runs: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def verdict(self) -> str:
        """hit, miss, "" where there is no bar, or not measured."""
        if self.value is None and (self.at_least is not None or self.at_most is not None):
            return "not measured"
        if self.value is None:
            return ""
        if self.at_least is not None:
            return "hit" if self.value >= self.at_least else "miss"
        if self.at_most is not None:
            return "hit" if self.value <= self.at_most else "miss"
        return ""

    @property
    def bar(self) -> str:
        if self.at_least is not None:
            return f"≥ {number(self.at_least)}"
        return "" if self.at_most is None else f"≤ {number(self.at_most)}"


@dataclass
class Report:
    """The figures of one script in one run."""

    script: str
    quick: bool = False
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.time)
    load: float = field(default_factory=lambda: round(os.getloadavg()[0], 2))

    def add(self, figure: Figure) -> Figure:
        self.figures.append(figure)
        return figure

    def publish(self) -> Path:
        """Print the table and write it as JSON; gives the JSON's path."""
        quick = " (quick)" if self.quick else ""
        print(f"\n{self.script}{quick}: {describe(machine())}, load average at the start {self.load}")
        rivals = sorted({name for figure in self.figures for name in figure.rivals})
        head = ["figure", "bar", "ours", *rivals, "unit", ""]
        print(table(head, [self._row(figure, rivals) for figure in self.figures]))
        for note in [*(f"{f.name}: {f.note}" for f in self.figures if f.note), *self.notes]:
            print(f"  {note}")
        return write_json(
            self.script,
            {
                "script": self.script,
                "quick": self.quick,
                "started": self.started,
                "seconds": round(time.time() - self.started, 1),
                "load": self.load,
                "machine": machine(),
                "figures": [{**asdict(figure), "verdict": figure.verdict} for figure in self.figures],
                "notes": self.notes,
            },
        )

    @staticmethod
    def _row(figure: Figure, rivals: Sequence[str]) -> list[str]:
        others = [number(figure.rivals[name]) if name in figure.rivals else "" for name in rivals]
        return [figure.what, figure.bar, number(figure.value), *others, figure.unit, figure.verdict]


def median_figure(name: str, what: str, runs: Sequence[float], unit: str, **more: Any) -> Figure:
    """A figure whose value is the median of `runs`."""
    return Figure(name, what, statistics.median(runs) if runs else None, unit, runs=list(runs), **more)


def number(value: float | None) -> str:
    """`value` with three significant digits or all those before the point; – when there is none."""
    if value is None:
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Aligned columns: the first to the left, numbers to the right."""
    body = [list(map(str, row)) for row in rows]
    widths = [max(len(row[at]) for row in [list(head), *body]) for at in range(len(head))]

    def line(row: Sequence[str]) -> str:
        rest = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        return "  " + "  ".join([row[0].ljust(widths[0]), *rest]).rstrip()

    return "\n".join([line(head), "  " + "  ".join("─" * width for width in widths), *map(line, body)])


def write_json(script: str, value: object) -> Path:
    """Write `value` to bench/results/<script>.local.json; `python -m bench --record` gathers them."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{script}.local.json"
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False, default=float) + "\n")
    return path


def machine() -> dict[str, Any]:
    """What the figures depend on: processors, kernel, memory, versions."""
    return {
        "cpu": _from_file("/proc/cpuinfo", "model name") or platform.processor() or "unknown",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(int((_from_file("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / 2**20, 1),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def describe(facts: dict[str, Any]) -> str:
    return (
        f"{facts['cores']} × {facts['cpu']}, {facts['memory_gib']} GiB, {facts['kernel']}, Python {facts['python']}, "
        f"SQLite {facts['sqlite']}, {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}"
    )


def is_quick(arguments: Sequence[str] | None = None) -> bool:
    """Whether --quick was asked for: less data, fewer runs, the same code."""
    return "--quick" in (sys.argv[1:] if arguments is None else arguments)


def _from_file(path: str, key: str) -> str:
    try:
        with open(path, encoding="utf-8") as lines:
            return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "")
    except OSError:
        return ""
