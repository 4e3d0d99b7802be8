"""Disks that are full, read-only, or both at once."""

from __future__ import annotations

from pathlib import Path

from tests.fault.arena import Arena, LedgerAgent
from tests.fault.disk import BreakingDisk, SmallDisk, limit_files
from tests.fault.row import Row
from tests.support.processes import HubProcess


def agent_disk_full(path: Path, times: int = 3) -> Row:
    """The link is gone, the disk of the spool runs full, room comes back, the link comes back."""
    with SmallDisk(path / "small", 640 << 10) as disk, Arena(path) as arena:
        agent = arena.add_agent(spool=str(disk.path / "spool"), pause=0.001, most_reports=40, segment_bytes=16 << 10)
        for _ in range(times):
            agent.wait_for(200)
            arena.proxy.go_away()
            _fill(disk, agent, leave=arena.random.randrange(128 << 10))
            agent.wait_for(6000, 60)
            arena.proxy.come_back()
            agent.wait_for(100)
            _empty(disk, agent)
        row = arena.row("agent's disk full", times)
        if disk.mounted:
            assert row.verdict.gapped, "the disk was never full enough to cost anything"
        return row


def agent_over_quota(path: Path, records: int = 8000) -> Row:
    """The link is gone for so long that the spool's own quota makes it drop the oldest."""
    with Arena(path) as arena:
        agent = arena.add_agent(pause=0.001, most_reports=40, quota_bytes=128 << 10, segment_bytes=16 << 10)
        agent.wait_for(200)
        arena.proxy.go_away()
        agent.wait_for(records, 60)
        arena.proxy.come_back()
        row = arena.row("agent's quota used up", 1)
        assert row.verdict.gapped, "the quota was never used up"
        return row


def agent_disk_refuses(path: Path, times: int = 4) -> Row:
    """Every write is refused as on a read-only disk, under open files; then the disk takes writes again."""
    with Arena(path) as arena:
        agent = arena.add_agent(pause=0.005)
        for time in range(times):
            agent.wait_for(50)
            if time % 2:
                arena.proxy.go_away()
            agent.command(refuse="EROFS")
            agent.wait_for(100)
            arena.proxy.come_back()
            agent.command(refuse="")
        return arena.row("agent's disk read-only", times)


def agent_disk_breaks(path: Path, times: int = 3) -> Row:
    """A real ext4 turns read-only and forgets what was not synced; the agent goes on, is stopped, the disk mended."""
    with BreakingDisk(path / "small", 16 << 20) as disk, Arena(path) as arena:
        assert disk.mounted
        agent = arena.add_agent(spool=str(disk.path / "spool"), pause=0.003)
        agent.command(sync=True)
        for time in range(times):
            agent.wait_for(50)
            if time % 2:
                arena.proxy.go_away()
                agent.wait_for(50)
            disk.break_down()
            agent.command(sync=False)
            agent.wait_for(50)
            arena.proxy.come_back()
            agent.wait_for(50)
            arena.drain()
            agent.kill()
            disk.mend()
            agent.command(sync=True, collect=True)
            agent.start()
        return arena.row("agent's disk breaks and is mended", times, power_cut=True)


def hub_disk_full(path: Path, times: int = 3) -> Row:
    """The hub cannot commit: it must say so and receipt nothing; the agents keep everything until it can."""
    with SmallDisk(path / "hub", 24 << 20) as disk, Arena(path) as arena:
        agent = arena.add_agent(pause=0.005)
        for _ in range(times):
            agent.wait_for(100)
            _fill(disk, arena.hub)
            arena.wait_for_refusal(agent)
            agent.wait_for(200)
            _empty(disk, arena.hub)
        return arena.row("hub's disk full", times)


def hub_disk_breaks(path: Path, times: int = 2) -> Row:
    """A real ext4 under the hub's databases turns read-only; the hub is started anew on the mended disk."""
    with BreakingDisk(path / "hub", 48 << 20) as disk, Arena(path) as arena:
        assert disk.mounted
        agent = arena.add_agent(pause=0.005)
        for _ in range(times):
            agent.wait_for(100)
            disk.break_down()
            arena.wait_for_refusal(agent)
            agent.wait_for(100)
            arena.hub.kill()
            disk.mend()
            arena.start_hub()
        return arena.row("hub's disk breaks and is mended", times)


def _fill(disk: SmallDisk, who: LedgerAgent | HubProcess, leave: int = 0) -> None:
    """Leave no room: on the disk, or by a quota where there is none that can be filled."""
    if disk.mounted:
        disk.fill(leave)
    elif isinstance(who, LedgerAgent):
        who.command(refuse="ENOSPC")
    else:
        limit_files(who.pid, 0)


def _empty(disk: SmallDisk, who: LedgerAgent | HubProcess) -> None:
    if disk.mounted:
        disk.empty()
    elif isinstance(who, LedgerAgent):
        who.command(refuse="")
    else:
        limit_files(who.pid, None)
