"""Clocks that are set to another year, on either side."""

from __future__ import annotations

from pathlib import Path

from tests.fault.arena import Arena
from tests.fault.row import Row

YEAR = 365 * 86400.0


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
    """The date of the hub jumps, also over a restart of it, and its housekeeping runs in each of the years."""
    with Arena(path) as arena:
        agent = arena.add_agent(pause=0.005)
        for step in range(times):
            agent.wait_for(100)
            arena.set_clock((YEAR, -YEAR, 0.0)[step % 3])
            agent.wait_for(200)
            if step % 2:
                arena.hub.kill()
                arena.start_hub()
        return arena.row("hub's clock steps by a year", times)
