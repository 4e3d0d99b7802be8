"""Much of everything: a million records, a thousand agents."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import msgspec

from tests.fault.arena import Arena, LedgerAgent
from tests.fault.row import Row
from tests.support.processes import Process, clean_environment, wait_until


def million_records(path: Path, records: int = 1_000_000, times: int = 10) -> Row:
    """One agent hands over a million records while it and the hub are killed again and again."""
    with Arena(path) as arena:
        agent = arena.add_agent(
            pause=0.01, most_reports=600, step=0.05, post_bytes=256 << 10, quota_bytes=1 << 30, segment_bytes=8 << 20
        )
        for turn in range(times):
            agent.wait_for(records // times, 600)
            if turn % 2:
                agent.kill()
                agent.start()
            else:
                arena.hub.kill()
                arena.start_hub()
        return arena.row("a million records under kills", times, seconds=600)


def thousand_agents_reconnect(path: Path, agents: int = 1000, times: int = 3, processes: int = 4) -> Row:
    """The hub dies under a thousand connected agents, and all of them come back at once."""
    with Arena(path) as arena:
        members = [arena.add_agent(start=False, url=arena.hub.url, pause=1.0, events=0.3) for _ in range(agents)]
        leaders = [_start(members[at::processes]) for at in range(processes)]
        for _ in range(times):
            for leader in leaders:
                leader.wait_for(5 * agents // processes, 120)
            arena.hub.kill()
            arena.start_hub()
        began = time.monotonic()
        for leader in leaders:
            leader.command(collect=False)
        for leader in leaders:
            wait_until(leader.quiet, 300, "the crowd's drain")
        drain = time.monotonic() - began
        arena.close_day()
        return Row(f"{agents:,} agents reconnect at once", times, arena.verdict(), drain, arena.seed)


def _start(group: list[LedgerAgent]) -> LedgerAgent:
    """Let one process live for all of `group`; the first of them speaks for it."""
    leader = group[0]
    for member in group:
        member.plan.control, member.plan.status = leader.plan.control, leader.plan.status
    leader.command()
    plans = leader.folder / "plans.json"
    plans.write_bytes(msgspec.json.encode([member.plan for member in group]))
    command = [sys.executable, "-m", "tests.fault.crowd", str(plans)]
    leader.process = Process(command, leader.folder / "agent.log", clean_environment())
    return leader
