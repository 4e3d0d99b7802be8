"""The embedded record store under load: cost of an append, memory, compaction beside commits, bytes a sample.

python -m bench.store_disk [--hosts 1000] [--hours 2] [--quick]
"""

from __future__ import annotations

import argparse
import gc
import statistics
import tempfile
import threading
import time
from pathlib import Path

from bench.report import Figure, Report
from bench.store_feed import START, Filled

SERIES = 60


def resident_kib() -> float:
    """Memory of this process."""
    return float(Path("/proc/self/statm").read_text().split()[1]) * 4


class Beside:
    """Commits a small batch every 10 ms in a thread of its own and notes how long each took."""

    def __init__(self, filled: Filled) -> None:
        self._filled = filled
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.walls: list[float] = []

    def __enter__(self) -> Beside:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.01):
            self._filled.commit_one()
            self.walls.append(self._filled.walls[-1])


def measure(folder: Path, hosts: int, hours: float, report: Report) -> None:
    """Fill, compact beside commits, and weigh."""
    gc.collect()
    before = resident_kib()
    filled = Filled(folder, hosts)
    compactions = []
    filled.fill(START, int(hours * 360), lambda: compactions.append(filled.store.compact_now()))
    gc.collect()
    report.add(
        Figure(
            "store.append", "append, groups of 100", filled.cpu / filled.reports * 1e6, "µs CPU a report", at_most=20
        )
    )
    report.add(
        Figure("store.memory", "memory, an hour open", (resident_kib() - before) / hosts, "KiB a host", at_most=100)
    )
    with Beside(filled) as alone:
        time.sleep(5)
    with Beside(filled) as beside:
        compactions.append(filled.store.compact_now())
    last = compactions[-1]
    worst = max(beside.walls) * 1e3
    quiet = max(alone.walls) * 1e3
    report.add(
        Figure(
            "store.delay",
            "longest commit beside compaction",
            worst,
            "ms",
            at_most=100,
            note=f"median {statistics.median(beside.walls) * 1e3:.1f} ms; longest without compaction {quiet:.1f} ms",
        )
    )
    report.add(
        Figure("store.compactor", "compactor's memory", max(c.peak_kib for c in compactions) / 1024, "MiB", at_most=200)
    )
    cpu = sum(c.cpu_seconds for c in compactions) / sum(c.reports for c in compactions) * 1e6
    report.add(Figure("store.compact", "compaction, rollups included", cpu, "µs CPU a report"))
    report.add(Figure("store.compact_wall", "last compaction", last.seconds, "s"))
    stats = filled.store.stats()
    samples = filled.reports * SERIES
    filled.store.close()
    size = sum(path.stat().st_size for path in folder.iterdir())
    report.add(Figure("store.chunks", "raw chunks", stats["chunks_bytes"] / samples, "bytes a sample", at_most=1.0))
    report.add(Figure("store.rollups", "rollups", stats["rollups_bytes"] / samples, "bytes a sample"))
    report.add(Figure("store.disk", "all files after compaction", size / samples, "bytes a sample", at_most=1.2))
    began = time.perf_counter()
    filled.reopen().close()
    report.add(Figure("store.reopen", "opening it again", time.perf_counter() - began, "s"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--quick", action="store_true", help="100 hosts")
    options = parser.parse_args()
    report = Report("store_disk", quick=options.quick)
    hosts = 100 if options.quick else options.hosts
    report.notes.append(f"{hosts} hosts, {options.hours:g} h at 10 s, 60 series")
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder) / "hub", hosts, options.hours, report)
    report.publish()


if __name__ == "__main__":
    main()
