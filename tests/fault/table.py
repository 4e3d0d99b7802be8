"""Injects every fault and prints what became of the records.

    python -m tests.fault.table            # what make test does
    python -m tests.fault.table --long     # what make test-long does
    python -m tests.fault.table hub        # the rows whose name has `hub` in it

The exit status is 1 when a row does not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.fault.disk import may_break
from tests.fault.row import COLUMNS, Row, table_line
from tests.fault.scenarios import clocks, copies, damage, disks, kills, network, real, scale

Scenario = Callable[[Path], Row]

SHORT: tuple[Scenario, ...] = (
    kills.agent_killed,
    kills.hub_killed,
    kills.hub_killed_between_commit_and_answer,
    kills.hub_killed_while_compacting,
    kills.both_killed,
    real.real_agent_and_hub_killed,
    network.answers_dropped,
    network.exchanges_mangled,
    network.hub_away,
    damage.segments_torn,
    damage.bits_flipped,
    damage.unreadable_batches,
    disks.agent_disk_full,
    disks.agent_over_quota,
    disks.agent_disk_refuses,
    disks.hub_disk_full,
    clocks.agent_clock_steps,
    clocks.hub_clock_steps,
    copies.spool_rolled_back,
    copies.machine_rolled_back,
    copies.spool_cloned,
    copies.hub_restored,
    copies.hub_restored_too_late,
    copies.hub_restored_unmarked,
    copies.hub_database_damaged,
)
WITH_ROOT: tuple[Scenario, ...] = (disks.agent_disk_breaks, disks.hub_disk_breaks)
LONG: tuple[Scenario, ...] = (
    partial(kills.agent_killed, times=200),
    partial(kills.hub_killed, times=200),
    partial(network.answers_dropped, times=1000),
    scale.million_records,
    scale.thousand_agents_reconnect,
)


def name_of(scenario: Scenario) -> str:
    return scenario.func.__name__ if isinstance(scenario, partial) else scenario.__name__


def run(scenario: Scenario) -> Row:
    """One row, in a folder of its own that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="fault-"))
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return scenario(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Inject every fault and print what became of the records.")
    parser.add_argument("--long", action="store_true", help="the rows of make test-long")
    parser.add_argument("part", nargs="?", default="", help="only rows with this in their function's name")
    chosen = parser.parse_args()
    scenarios = LONG if chosen.long else SHORT + (WITH_ROOT if may_break() else ())
    print(table_line(COLUMNS))
    print("|---" * len(COLUMNS) + "|")
    broken = 0
    for scenario in scenarios:
        if chosen.part not in name_of(scenario):
            continue
        row = run(scenario)
        print(row.line(), flush=True)
        if not row.verdict.holds or row.verdict.held:
            broken += 1
            print(f"seed {row.seed}: {row.verdict.held} held\n{row.verdict.complaint()}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
