"""Bytes that are not what was written: torn ends, flipped bits, batches that nobody can read."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.fault.arena import Arena, LedgerAgent
from tests.fault.held import HEADER_BYTES, frames
from tests.fault.row import Row
from tests.support.processes import wait_until


def segments_torn(path: Path, times: int = 10) -> Row:
    """A power cut: of what was not synced, the disk has any part, or noise, or nothing."""
    with Arena(path) as arena:
        agent = arena.add_agent(start=False, pause=0.002, segment_bytes=16 << 10)
        for _ in range(times):
            agent.command(send=arena.random.random() < 0.5, sync=True)
            agent.start()
            agent.wait_for(60)
            agent.command(send=False, sync=False)
            agent.wait_for(40)
            agent.kill()
            tear(agent, arena.random)
        agent.command(send=True, sync=True)
        agent.start()
        return arena.row("segment torn by a power cut", times, power_cut=True)


def bits_flipped(path: Path, times: int = 12) -> Row:
    """Single bits of waiting segments turn, on a spool that is closed or one that is in use."""
    with Arena(path) as arena:
        agent = arena.add_agent(pause=0.002, segment_bytes=8 << 10)
        for time in range(times):
            agent.wait_for(50)
            arena.proxy.go_away()
            agent.wait_for(200)
            if time % 2:
                agent.kill()
            flip_bit(agent, arena.random)
            if time % 2:
                agent.start()
            arena.proxy.come_back()
        row = arena.row("bit of a segment flipped", times)
        assert row.verdict.gapped, "no flip ever hit what was still to be sent"
        return row


def unreadable_batches(path: Path, records: int = 3000) -> Row:
    """One batch in a hundred holds nothing that can be read; the others must not suffer."""
    with Arena(path) as arena:
        agent = arena.add_agent(pause=0.001, garbage=0.01)
        agent.wait_for(records, 60)
        row = arena.row("1% unreadable batches", 0)
        row.times = sum(entry.kind == "garbage" for entry in arena.ledger())
        assert row.verdict.quarantined == row.times
        return row


def tear(agent: LedgerAgent, dice: Random) -> None:
    """Cut the newest segment of each lane somewhere behind what was synced; sometimes leave noise instead."""
    unsynced = {(entry.stream, entry.seq) for entry in agent.ledger() if entry.appended and not entry.synced}
    for lane in agent.spool.iterdir():
        segments = sorted(lane.glob("*.seg")) if lane.is_dir() else []
        if not segments:
            continue
        data = segments[-1].read_bytes()
        stream = data[16:32]
        safe = max((at + size for seq, at, size in frames(data) if (stream, seq) not in unsynced), default=HEADER_BYTES)
        cut = dice.randint(safe, len(data))
        noise = dice.randbytes(dice.randint(0, len(data) - cut)) if dice.random() < 0.3 else b""
        segments[-1].write_bytes(data[:cut] + noise)


def flip_bit(agent: LedgerAgent, dice: Random) -> None:
    """Turn one bit in one of the newest segments of the metrics lane, where the backlog lies."""
    segments = sorted((agent.spool / "metrics").glob("*.seg"))[-3:]
    path = dice.choice(segments)
    wait_until(lambda: path.stat().st_size > HEADER_BYTES, 5, "a batch in the segment")
    with path.open("r+b") as file:
        offset = dice.randrange(path.stat().st_size)
        file.seek(offset)
        (byte,) = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ 1 << dice.randrange(8)]))
