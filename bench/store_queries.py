"""How long the embedded record store takes to answer, in process: a day of data, part of it still open.

    python -m bench.store_queries [--hosts 1000] [--quick]

The day before is filled at one report in five minutes for all hosts, and at 10 s for the ten that are asked singly; the
open half hour at 10 s for all. Further back, the week's hourly rollups are copies of that day's.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench.report import Figure, Report
from bench.store_feed import START, Filled
from watchkeeper.hub.storage.embedded.rollups import RollupRow

DAY, HOUR = 86_400, 3600
THREE = ["percent.0", "counter.0", "memory.0"]
FOUR = [*THREE, "rare.0"]


def build(folder: Path, hosts: int) -> Filled:
    """A week of rollups, a day of chunks, half an hour of journal."""
    filled = Filled(folder, hosts)
    for hour in range(24):
        filled.fill(START + hour * HOUR, 12, spacing=300.0)
        filled.fill(START + hour * HOUR + 5, 360, hosts=min(10, hosts))
        filled.store.compact_now()
    repeat_week(filled)
    filled.clock.step_wall(START + DAY + 3 * HOUR - filled.clock.wall())
    filled.store.compact_now()
    filled.clock.step_wall(START + DAY - filled.clock.wall())
    filled.fill(START + DAY, 180)
    return filled


def repeat_week(filled: Filled) -> None:
    """Copy the day's hourly rollups of one metric to the six days before it."""
    with filled.store._writer.transaction("copying rollups") as db:
        (series,) = db.execute("SELECT id FROM names WHERE name = 'percent.0'").fetchone()
        rows = db.execute(
            "SELECT tier, series, shard, start, span, hosts, arrived, data FROM rollups WHERE tier = ? AND series = ?",
            (HOUR, series),
        ).fetchall()
        for day in range(1, 7):
            copies = [RollupRow(*row) for row in rows]
            for copy in copies:
                copy.start -= day * DAY
            db.executemany(
                "INSERT INTO rollups (tier, series, shard, start, span, hosts, arrived, data)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [msgspec.structs.astuple(copy) for copy in copies],
            )


def figure(name: str, what: str, bar: float | None, ask: Callable[[], object]) -> Figure:
    """The median of eleven calls after one to warm up, in wall and processor time."""
    ask()
    walls, cpus = [], []
    for _ in range(11):
        began, cpu = time.perf_counter(), time.thread_time()
        ask()
        walls.append((time.perf_counter() - began) * 1e3)
        cpus.append((time.thread_time() - cpu) * 1e3)
    note = f"{statistics.median(cpus):.2f} ms of processor time, best {min(walls):.2f} ms"
    return Figure(f"store.{name}", what, statistics.median(walls), "ms", at_most=bar, runs=walls, note=note)


def measure(filled: Filled, report: Report) -> None:
    store, now = filled.store, filled.clock.wall()
    everyone = list(range(1, filled.hosts + 1))
    both = ["mean", "p95"]
    report.add(figure("day", "one host, 3 series, 24 h", 3, lambda: store.range(5, THREE, now - DAY, now, 500)))
    report.add(
        figure(
            "compare",
            "2 hosts × 4 series, 24 h",
            10,
            lambda: [store.range(h, FOUR, now - DAY, now, 500) for h in (6, 7)],
        )
    )
    report.add(
        figure(
            "fleet_hour",
            "mean and p95, all hosts, 1 h",
            12,
            lambda: store.fleet(everyone, "percent.0", now - HOUR, now, 60, both),
        )
    )
    report.add(
        figure(
            "fleet_day",
            "mean and p95, all hosts, 24 h",
            None,
            lambda: store.fleet(everyone, "percent.0", now - DAY, now, 500, both),
        )
    )
    report.add(
        figure(
            "fleet_week",
            "mean and p95, all hosts, 7 d",
            80,
            lambda: store.fleet(everyone, "percent.0", now - 7 * DAY, now, 500, both),
        )
    )
    report.add(figure("spark", "sparklines of all hosts", None, lambda: store.recent(everyone, "percent.0", 60)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="100 hosts")
    options = parser.parse_args()
    report = Report("store_queries", quick=options.quick)
    with tempfile.TemporaryDirectory() as folder:
        filled = build(Path(folder) / "hub", 100 if options.quick else options.hosts)
        report.notes.append(f"{filled.hosts} hosts; {filled.reports:,} reports stored")
        measure(filled, report)
        filled.store.close()
    report.publish()


if __name__ == "__main__":
    main()
