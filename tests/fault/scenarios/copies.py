"""Disks that come back as they were: rolled back, cloned, restored from a backup."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.fault.arena import Arena, LedgerAgent
from tests.fault.row import Row
from tests.support.processes import wait_until


def spool_rolled_back(path: Path, times: int = 4) -> Row:
    """The spool's disk is set back to a copy; the copies hold a backlog, were taken after a kill or while it ran."""
    with Arena(path) as arena:
        agent = arena.add_agent(pause=0.003, segment_bytes=8 << 10)
        for time in range(times):
            agent.wait_for(100)
            arena.proxy.go_away()
            agent.wait_for(100)
            copy = path / f"copy-{time}"
            if time % 2:
                copy_spool(agent.spool, copy)
            else:
                agent.kill()
                copy_spool(agent.spool, copy)
                agent.start()
            arena.proxy.come_back()
            agent.wait_for(200)
            arena.drain()
            agent.kill()
            shutil.rmtree(agent.spool)
            shutil.copytree(copy, agent.spool)
            agent.command(collect=True)
            agent.start()
        agent.wait_for(100)
        return arena.row("spool rolled back to a copy", times)


def machine_rolled_back(path: Path, times: int = 3) -> Row:
    """A virtual machine is set back with its memory: a spool that is open numbers the same batches once more."""
    with Arena(path) as arena:
        agent = arena.add_agent(pause=0.003)
        for _ in range(times):
            agent.wait_for(100)
            arena.drain()
            agent.command(collect=True, rewinds=agent.control.rewinds + 1)
            wait_until((agent.folder / "rolled-back").exists, 60, "the end of the first future")
            (agent.folder / "rolled-back").unlink()
            agent.wait_for(arena.random.choice((10, 100, 300)))
        return arena.row("machine rolled back with its memory", times)


def spool_cloned(path: Path, times: int = 2) -> Row:
    """A disk is cloned with a backlog on it, and both machines run with one token."""
    with Arena(path) as arena:
        first = arena.add_agent(pause=0.003)
        for _ in range(times):
            first.wait_for(100)
            arena.proxy.go_away()
            first.wait_for(200)
            first.kill()
            clone = arena.add_agent(start=False, pause=0.003, token=first.plan.token)
            copy_spool(first.spool, clone.spool)
            arena.proxy.come_back()
            first.start()
            clone.start()
            clone.wait_for(100)
        return arena.row("spool cloned, both holders alive", times)


def hub_restored(path: Path, times: int = 3) -> Row:
    """The hub is set back to a backup; the agents send again what they still keep, which is all of it."""
    with Arena(path) as arena:
        agents = [arena.add_agent(pause=0.005) for _ in range(2)]
        _restore(arena, agents, times)
        row = arena.row("hub restored from a backup, agents keep all", times)
        assert row.verdict.gapped == 0, "something was given up that was still there"
        return row


def hub_restored_too_late(path: Path, times: int = 2) -> Row:
    """The same, when the agents no longer keep what the backup lacks: gaps must say so."""
    with Arena(path) as arena:
        agents = [arena.add_agent(pause=0.003, segment_bytes=4 << 10, keep_seconds=0.05) for _ in range(2)]
        _restore(arena, agents, times)
        row = arena.row("hub restored from a backup, agents keep little", times)
        assert row.verdict.gapped > 0, "the agents kept everything after all"
        return row


def hub_restored_unmarked(path: Path, times: int = 3) -> Row:
    """The same before the hub has noted how far it was: only what agents remember of their streams tells."""
    with Arena(path, tick=6.0) as arena:
        agents = [arena.add_agent(pause=0.003, segment_bytes=4 << 10, keep_seconds=0.05) for _ in range(2)]
        _restore(arena, agents, times)
        return arena.row("hub restored from a backup it has no mark of", times)


def hub_database_damaged(path: Path, times: int = 2) -> Row:
    """The hub's database is overwritten with noise; it is moved aside, and the agents fill the new one."""
    with Arena(path) as arena:
        agents = [arena.add_agent(pause=0.005) for _ in range(2)]
        for _ in range(times):
            agents[0].wait_for(100)
            arena.hub.kill()
            for name in ("records.db", "records.db-wal"):
                with (arena.hub.data / name).open("r+b") as file:
                    file.write(arena.random.randbytes(8192))
            arena.start_hub()
            agents[0].wait_for(50)
        assert len(list(arena.hub.data.glob("records.db.damaged-*"))) >= times, "the damaged file is not there any more"
        return arena.row("hub's database overwritten", times)


def _restore(arena: Arena, agents: list[LedgerAgent], times: int) -> None:
    backup = arena.path / "backup.db"
    for _ in range(times):
        agents[0].wait_for(100)
        back_up(arena.hub.data / "records.db", backup)
        agents[0].wait_for(300)
        arena.hub.kill()
        for suffix in ("-wal", "-shm"):
            (arena.hub.data / f"records.db{suffix}").unlink(missing_ok=True)
        shutil.copyfile(backup, arena.hub.data / "records.db")
        arena.start_hub()
        for agent in agents:
            agent.wait_for(20)


def back_up(database: Path, target: Path) -> None:
    """A consistent copy while the hub writes on, by SQLite's own backup, as the record store makes it."""
    target.unlink(missing_ok=True)
    uri = f"file:{database}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def copy_spool(spool: Path, target: Path) -> None:
    """Copy a spool file by file; what its agent deletes or renames meanwhile is left out."""
    for source in sorted(spool.rglob("*")):
        copy = target / source.relative_to(spool)
        if source.is_dir():
            copy.mkdir(parents=True, exist_ok=True)
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(source, copy)
        except FileNotFoundError:
            copy.unlink(missing_ok=True)
