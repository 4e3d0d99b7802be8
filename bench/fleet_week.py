"""A week of a fleet in one answer: mean and p95 of one metric over 1,000 hosts, over HTTP.

    python -m bench.fleet_week [--quick]

The week is written straight into the hub's store and compacted before the hub starts, because a thousand
agents take a week for it. Hosts have four series and report each 15 minutes, on the last day each 5: the rollups
that the answer is made from lie metric by metric and have as many rows as at 10 s and 60 series.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.hub import Hub
from bench.report import Report, is_quick, median_figure

SERIES = [
    ("cpu.percent", "gauge", "%"),
    ("memory.percent", "gauge", "%"),
    ("load.1", "gauge", ""),
    ("network.receive{interface=eth0}", "gauge", "B/s"),
]
WEEK, SPARSE, STEP = 7 * 86400, 900, 300
TIMES = 15


def fill(folder: Path, hosts: int, seconds: int) -> None:
    """Write the fleet's week into the store in `folder` and compact it; runs in a process of its own."""
    import numpy as np

    from watchkeeper.base.clock import SteppedClock
    from watchkeeper.hub.model.records import Batch, StreamState
    from watchkeeper.hub.storage.embedded.store import EmbeddedRecordStore
    from watchkeeper.wire.ranges import Ranges
    from watchkeeper.wire.records import REPORT_HEADER, SCHEMA, pack_schema

    number, text = pack_schema(SERIES)
    start = time.time() // 3600 * 3600 - seconds
    clock = SteppedClock(wall=start)
    store = EmbeddedRecordStore(folder, clock, housekeeping=False)
    rng = np.random.default_rng(1)
    level = rng.uniform(20, 80, (hosts, len(SERIES)))
    day = 86400
    sparse = [float(at) for at in range(0, seconds - day, SPARSE)]
    for at, after in enumerate([*sparse, *[float(at) for at in range(seconds - day, seconds, STEP)]]):
        now = start + after
        clock.step_wall(now - clock.wall())
        level = np.clip(level + rng.normal(0, 1, level.shape), 0, 100)
        rows = np.round(level, 2).astype("<f8")
        batches, states = [], []
        for host in range(hosts):
            payload = REPORT_HEADER.pack(now, after, number, 1) + rows[host].tobytes()
            others = [(1, SCHEMA, text)] if at == 0 else []
            stream = (host + 1).to_bytes(16, "big")
            batches.append(Batch(host + 1, stream, 3, at + 1, 0, now + 0.1, [(0, payload)], others))
            states.append((stream, StreamState(host + 1, 3, Ranges([(1, at + 1)]), 0)))
        store.append(batches, states)
        if at and after % day == 0:
            store.compact_now()
    clock.step_wall(start + seconds - clock.wall())
    store.compact_now()
    store.close()


def main() -> None:
    quick = is_quick()
    hosts, seconds = (100, WEEK) if quick else (1000, WEEK)
    report = Report("fleet_week", quick)
    with tempfile.TemporaryDirectory(prefix="wk-bench-") as folder:
        hub = Hub(Path(folder), hosts, SERIES)
        try:
            hub.while_stopped(
                lambda: subprocess.run(
                    [sys.executable, "-m", "bench.fleet_week", "--fill", str(hub.data), str(hosts), str(seconds)],
                    check=True,
                    timeout=600,
                )
            )
            end = time.time() // 3600 * 3600
            reader = hub.reader()
            for name, what, aggregates, span, bar in (
                ("week", "mean and p95, 7 d", "mean,p95", WEEK, 100),
                ("week.mean", "mean, 7 d", "mean", WEEK, None),
                ("day", "mean and p95, 24 h", "mean,p95", 86400, None),
            ):
                path = hub.query_path(
                    "/fleet/query",
                    **{"metric": SERIES[0][0], "agg": aggregates, "from": end - span, "to": end, "points": 500},
                )
                status, body, first = reader.get(path)
                answer = json.loads(body)
                assert status == 200, answer
                assert min(answer["count"]) == hosts, f"not all hosts are in each step: {answer['count'][:20]}"
                waits = [wait * 1000 for wait in reader.timed(path, TIMES)]
                steps = f"{len(answer['times'])} steps of {answer['step']:.0f} s from {answer['resolution']}"
                note = f"{steps}; first answer {first * 1000:.0f} ms"
                report.add(
                    median_figure(f"query.{name}", f"{what}, {hosts:,} hosts", waits, "ms", at_most=bar, note=note)
                )
            reader.close()
        finally:
            hub.stop()
    report.publish()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--fill"]:
        fill(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
