"""Bytes a sample once a day is over: hours closed one by one as they do in life, rollups of the day merged.

python -m bench.disk_day [--quick]
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.accounting import disk_bytes
from bench.dataset import SERIES
from bench.report import Figure, Report, is_quick
from bench.store_feed import START, Filled

STEPS_AN_HOUR = 360


def main() -> None:
    quick = is_quick()
    hosts, hours = (20, 26) if quick else (60, 26)
    report = Report("disk_day", quick)
    with tempfile.TemporaryDirectory(prefix="wk-bench-") as name:
        folder = Path(name) / "hub"
        filled = Filled(folder, hosts)

        def close_hour() -> None:
            filled.store.compact_now()

        filled.fill(START, hours * STEPS_AN_HOUR, close_hour)
        filled.store.compact_now()
        stats = filled.store.stats()
        filled.store.close()
        samples = filled.reports * len(SERIES)
        whole = disk_bytes(folder) / samples
    report.add(Figure("day.disk", f"disk after {hours} h, all files", whole, "bytes a sample", at_most=1.2))
    chunks, rollups = stats["chunks_bytes"] / samples, stats["rollups_bytes"] / samples
    report.add(Figure("day.chunks", "raw chunks alone", chunks, "bytes a sample", at_most=1.0))
    report.add(Figure("day.rollups", "rollups alone", rollups, "bytes a sample"))
    report.notes.append(f"{hosts} hosts × {len(SERIES)} series at 10 s, {samples:,} samples")
    report.publish()


if __name__ == "__main__":
    main()
