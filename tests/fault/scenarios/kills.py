"""kill -9, at random moments."""

from __future__ import annotations

import time
from pathlib import Path

from tests.fault.arena import Arena
from tests.fault.row import Row
from tests.support.processes import wait_until


def agent_killed(path: Path, times: int = 25) -> Row:
    """The agent dies at any moment of its life: while it opens its spool, collects, rolls, sends, deletes."""
    with Arena(path) as arena:
        agent = arena.add_agent(start=False, pause=0.002, segment_bytes=8 << 10, keep_seconds=0.5)
        for life in range(times):
            agent.start()
            if life % 5 == 0:
                agent.wait_for(20)
            time.sleep(arena.random.uniform(0.1, 0.6))
            agent.kill()
        agent.start()
        return arena.row("agent killed (kill -9)", times)


def hub_killed(path: Path, times: int = 25) -> Row:
    """The hub dies under load: while it reads, commits, answers, compacts."""
    with Arena(path) as arena:
        agents = [arena.add_agent(pause=0.004, post_bytes=2048) for _ in range(2)]
        for _ in range(times):
            agents[0].wait_for(5)
            time.sleep(arena.random.uniform(0.02, 0.5))
            arena.hub.kill()
            arena.start_hub()
        return arena.row("hub killed (kill -9)", times)


def both_killed(path: Path, times: int = 5) -> Row:
    """The power goes in the whole house: agent and hub die within the same instant."""
    with Arena(path) as arena:
        agent = arena.add_agent(pause=0.002)
        for _ in range(times):
            agent.wait_for(20)
            time.sleep(arena.random.uniform(0.0, 0.3))
            for process in arena.random.sample([agent.kill, arena.hub.kill], 2):
                process()
            arena.start_hub()
            agent.start()
        return arena.row("agent and hub killed together", times)


def hub_killed_while_compacting(path: Path, times: int = 10) -> Row:
    """Hours and days close again and again; the hub dies while their reports move from the journal to chunks."""
    with Arena(path) as arena:
        agent = arena.add_agent(pause=0.002, most_reports=40, step=1.0, post_bytes=64 << 10)
        for hour in range(1, times + 1):
            agent.wait_for(200)
            arena.set_clock(hour * 8 * 3600.0)
            time.sleep(arena.random.uniform(0.2, 1.2))
            arena.hub.kill()
            arena.start_hub()
        return arena.row("hub killed while compacting", times)


def hub_killed_between_commit_and_answer(path: Path, times: int = 5) -> Row:
    """The hub has committed, and dies before its receipt has arrived: the agent has to find out."""
    with Arena(path) as arena:
        agent = arena.add_agent()
        for _ in range(times):
            agent.wait_for(10)
            held = arena.proxy.hold_next_answer()
            wait_until(held.arrived.is_set, 30, "an answer to hold back")
            assert b" 200 " in held.answer[:20], held.answer[:200]
            arena.hub.kill()
            held.go.set()
            arena.start_hub()
        return arena.row("hub killed between commit and answer", times)
