"""What the hub keeps in memory: with one real agent, and for each of 1,000 hosts that have reported for an hour.

    python -m bench.hub_memory [--quick]

Memory is what the kernel counts for the hub's process and its children. The hour of the 1,000 hosts is sent as
fast as the hub takes it (its times are an hour's), then the hub rests until its memory stands still.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from bench import load
from bench.accounting import Memory, memory
from bench.dataset import SERIES, STEP, SyntheticHost
from bench.hub import Hub
from bench.report import Figure, Report, is_quick
from tests.support.processes import start_agent, start_hub, wait_until

MB, KB = 1e6, 1e3
CONNECTIONS = 64


def one_host(folder: Path, seconds: float) -> Memory:
    """The hub after a real agent has reported to it once a second for `seconds`."""
    with start_hub(folder) as hub, start_agent(hub, folder, interval=1.0):
        wait_until(lambda: hub.get("/hosts")["hosts"][0]["status"] == "online", 30, "the agent to be online")
        time.sleep(seconds)
        return memory(hub.pid, children=True)


def many_hosts(folder: Path, hosts: int, steps: int) -> tuple[Memory, Memory, Memory]:
    """The hub with `hosts` known hosts: before the first report, right after all of them, and after a rest."""
    hub = Hub(folder, hosts, SERIES)
    try:
        before = memory(hub.pid, children=True)
        times = time.time() // STEP * STEP - STEP * np.arange(steps, 0, -1.0)
        for first in range(0, steps, 24):
            window = slice(first, first + 24)
            queues: list[list[bytes]] = [[] for _ in range(CONNECTIONS)]
            for host in range(hosts):
                values = SyntheticHost(host, seed=first).matrix(len(times[window]))
                queues[host % CONNECTIONS] += hub.requests(host, times[window], values, 8)
            outcome = load.saturate(hub.address, queues)
            assert not outcome.failed, outcome.first_error
        full = memory(hub.pid, children=True)
        return before, full, _at_rest(hub)
    finally:
        hub.stop()


def _at_rest(hub: Hub) -> Memory:
    """Wait until the memory changes by less than a megabyte in three seconds."""
    sizes = [memory(hub.pid, children=True)]

    def stands_still() -> bool:
        time.sleep(3)
        sizes.append(memory(hub.pid, children=True))
        return abs(sizes[-1].rss - sizes[-2].rss) < MB

    wait_until(stands_still, 60, "the hub's memory to stand still")
    return sizes[-1]


def main() -> None:
    quick = is_quick()
    hosts, steps = (200, 72) if quick else (1000, 360)
    report = Report("hub_memory", quick)
    with tempfile.TemporaryDirectory(prefix="wk-bench-") as folder:
        one = one_host(Path(folder) / "one", 10 if quick else 30)
        before, full, rest = many_hosts(Path(folder) / "many", hosts, steps)
    note = f"PSS {one.pss / MB:.0f} MB, private {one.private / MB:.0f} MB"
    report.add(Figure("memory.one", "hub with one host (RSS)", one.rss / MB, "MB", at_most=120, note=note))
    each = (rest.rss - before.rss) / hosts / KB
    what = f"each of {hosts:,} active hosts, {steps * STEP / 3600:.1g} h in the open hour (RSS)"
    silent, after, end = (round(each.rss / MB) for each in (before, full, rest))
    note = f"{silent} MB with {hosts:,} silent hosts, {after} right after, {end} at rest"
    report.add(Figure("memory.host", what, each, "KB", at_most=100, note=note))
    report.add(Figure("memory.all", f"hub with {hosts:,} active hosts (RSS)", rest.rss / MB, "MB"))
    report.publish()


if __name__ == "__main__":
    main()
