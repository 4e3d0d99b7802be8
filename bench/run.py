"""Runs every script of this folder, one after the other, and prints all figures in one table.

    python -m bench [--quick] [NAME…]

Each script runs in a process of its own and has a time limit, so that one that fails costs only its own rows.
Afterwards `python -m bench.page` writes docs/benchmarks.md from what the scripts left in bench/results.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import recorded
from bench.report import RESULTS, describe, machine, number, table

ROOT = Path(__file__).parents[1]
RIVALS = ("prometheus", "victoria-metrics", "node_exporter")


@dataclass(frozen=True)
class Script:
    """One module of this folder: its arguments in a full and a quick run, and the seconds that it may take."""

    name: str
    full: tuple[str, ...] = ()
    quick: tuple[str, ...] = ("--quick",)
    limit: float = 400


SCRIPTS = (
    Script("ingest"),
    Script("rivals", limit=700),
    Script("store_disk"),
    Script("disk_day"),
    Script("store_queries", ("--quick",)),
    Script("fleet_week"),
    Script("hub_memory"),
    Script("agent_footprint", ("--seconds", "60"), ("--seconds", "10", "--warm-up", "6")),
    Script("collect_to_pixel"),
    Script("page_weight"),
    Script("make_up", limit=900),
    Script("recorded"),
)


def run(script: Script, quick: bool) -> dict[str, Any] | None:
    """What the script wrote, None when it failed."""
    result = RESULTS / f"{script.name}.local.json"
    result.unlink(missing_ok=True)
    command = [sys.executable, "-m", f"bench.{script.name}", *(script.quick if quick else script.full)]
    print(f"\n── {' '.join(command[1:])}", flush=True)
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        status = process.wait(script.limit)
    except subprocess.TimeoutExpired:
        status = -1
        print(f"{script.name} took longer than {script.limit:.0f} s and was ended", flush=True)
    finally:
        _end(process)
    if status or not result.is_file():
        print(f"{script.name} failed with status {status}", flush=True)
        return None
    found: dict[str, Any] = json.loads(result.read_text())
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what is left of a script: its own session, and nothing else. An interrupt lets it remove its folders."""
    try:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(30)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        process.kill()


def main() -> int:
    arguments = sys.argv[1:]
    quick = "--quick" in arguments
    named = [argument for argument in arguments if not argument.startswith("-")]
    unknown = sorted(set(named) - {script.name for script in SCRIPTS})
    if unknown:
        known = ", ".join(script.name for script in SCRIPTS)
        print(f"There is no benchmark {', '.join(unknown)}. There are: {known}.", file=sys.stderr)
        return 2
    chosen = [script for script in SCRIPTS if not named or script.name in named]
    about, began = machine(), time.time()
    print(describe(about), flush=True)
    recorder = None if quick or "recorded" not in {script.name for script in chosen} else _start_recorder()
    results = {}
    for script in chosen:
        if script.name == "recorded" and recorder:
            _finish_recorder(recorder)
        results[script.name] = run(script, quick)
    show(results)
    print(f"\n{time.time() - began:.0f} s in all on {describe(about)}")
    return 1 if None in results.values() else 0


def _start_recorder() -> subprocess.Popen[bytes]:
    """The agent whose reports are the second data set samples while the other scripts run: something happens then."""
    recorded.RECORDING.unlink(missing_ok=True)
    return subprocess.Popen([sys.executable, "-m", "bench.recorded", "--record", "720"], cwd=ROOT)


def _finish_recorder(recorder: subprocess.Popen[bytes]) -> None:
    try:
        recorder.wait(720)
    finally:
        recorder.terminate()


def show(results: dict[str, dict[str, Any] | None]) -> None:
    """All figures that have a bar or a rival."""
    rows = []
    for name, result in results.items():
        if result is None:
            rows.append([name, "", "", "", "", "", "failed"])
            continue
        for each in result["figures"]:
            if each["at_least"] is not None or each["at_most"] is not None or each["rivals"]:
                rows.append(_row(name, each))
    print("\n" + table(["figure", "bar", "ours", *RIVALS, "unit", ""], rows))


def _row(script: str, figure: dict[str, Any]) -> list[str]:
    bar = ""
    for sign, kind in (("≥", "at_least"), ("≤", "at_most")):
        if figure[kind] is not None:
            bar = f"{sign} {number(figure[kind])}"
    rivals = [number(figure["rivals"][name]) if name in figure["rivals"] else "" for name in RIVALS]
    what = f"{script}: {figure['what']}"
    return [what, bar, number(figure["value"]), *rivals, figure["unit"], figure["verdict"]]
