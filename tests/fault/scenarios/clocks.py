"""Clocks that are set to another year, on either side."""

from __future__ import annotations

import os
from pathlib import Path

from tests.fault.arena import Arena
from tests.fault.row import Row

YEAR = 365 * 86400.0

# Loaded by the hub's interpreter before anything else: its date is the machine's and what the file says.
STEPPED_TIME = """
import os, time
_path, _time = os.environ["FAULT_CLOCK"], time.time
def _stepped():
    try:
        with open(_path) as file:
            return _time() + float(file.read() or 0)
    except OSError:
        return _time()
time.time = _stepped
"""


def agent_clock_steps(path: Path, times: int = 6) -> Row:
    """The date of a machine jumps a year ahead, a year back, and on; sometimes the agent starts anew in it."""
    with Arena(path) as arena:
        agent = arena.add_agent(pause=0.005, segment_bytes=8 << 10)
        for step in range(times):
            agent.wait_for(100)
            if step % 2:
                arena.proxy.go_away()
            agent.command(wall_offset=(YEAR, -YEAR, 0.0)[step % 3])
            agent.wait_for(100)
            if step % 2:
                agent.kill()
                agent.start()
            arena.proxy.come_back()
        return arena.row("agent's clock steps by a year", times)


def hub_clock_steps(path: Path, times: int = 6) -> Row:
    """The date of the hub jumps, also over a restart of it."""
    folder = path / "clock"
    folder.mkdir(parents=True)
    (folder / "sitecustomize.py").write_text(STEPPED_TIME)
    offset = folder / "offset"
    with Arena(path, hub_env={"PYTHONPATH": str(folder), "FAULT_CLOCK": str(offset)}) as arena:
        agent = arena.add_agent(pause=0.005)
        for step in range(times):
            agent.wait_for(100)
            new = offset.with_suffix(".new")
            new.write_text(str((YEAR, -YEAR, 0.0)[step % 3]))
            os.replace(new, offset)
            agent.wait_for(100)
            if step % 2:
                arena.hub.kill()
                arena.start_hub()
        return arena.row("hub's clock steps by a year", times)
