"""The agent as it ships, with its own collectors, against the hub as it ships."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

from tests.fault.arena import Arena
from tests.fault.held import read_held
from tests.fault.oracle import Verdict
from tests.fault.row import Row
from tests.fault.stored import read_names_and_times, read_stored
from tests.support.processes import AgentProcess, start_agent, wait_until
from watchkeeper.hub.storage.embedded.ledger import LedgerRow

INTERVAL = 1.0
# Python must start, and this machine may have other things to do: what is longer than this must be explained.
MOST_SECONDS = 4.0


def real_agent_and_hub_killed(path: Path, times: int = 4) -> Row:
    """Both are killed at random; a report must be there for each moment at which the agent lived, and but once."""
    lives: list[tuple[float, float]] = []
    hub_kills = 0
    with Arena(path) as arena:
        host, token = arena.hub.add_host("real")
        for _ in range(times):
            agent = _start(arena, host, token)
            began = time.time()
            time.sleep(arena.random.uniform(1.5, 3.5))
            if arena.random.random() < 0.6:
                hub_kills += 1
                arena.hub.kill()
                arena.start_hub()
            agent.kill()
            lives.append((began, time.time()))
        agent = _start(arena, host, token)
        began = time.time()
        time.sleep(2 * INTERVAL)
        since = time.monotonic()
        # What it collects meanwhile is at most a few batches; all of the earlier lives must be there.
        wait_until(lambda: len(_waiting(arena, agent)) < 5, 60, "the spool's drain")
        lives.append((began, time.time()))
        agent.stop()
        drain = time.monotonic() - since
        arena.close_day()
        verdict = judge(read_names_and_times(arena.hub.data), lives)
        return Row("real agent and hub killed", times + hub_kills, verdict, drain, arena.seed)


def _start(arena: Arena, host: str, token: str) -> AgentProcess:
    env = {"WK_AGENT_HUB": arena.proxy.url}
    return start_agent(None, arena.path, name="real", interval=INTERVAL, env=env, token=token, host=host)


def _waiting(arena: Arena, agent: AgentProcess) -> list[tuple[bytes, int]]:
    """The batches in the spool that the hub has not receipted."""
    received = read_stored(arena.hub.data).received
    held = read_held(agent.data / "spool")
    return [(stream, seq) for stream, seq in held if stream not in received or seq not in received[stream]]


def judge(rows: list[LedgerRow], lives: list[tuple[float, float]]) -> Verdict:
    """Reports that came twice, that a stream's numbers lack, and times at which the agent lived and said nothing."""
    verdict = Verdict(sent=len(rows), stored=len(rows))
    names = Counter((row.stream, row.seq, row.index) for row in rows)
    times = Counter(row.time for row in rows)
    verdict.doubled = [f"{name} is stored {count} times" for name, count in names.items() if count > 1]
    verdict.doubled += [f"{count} reports of {moment}" for moment, count in times.items() if count > 1]
    streams: dict[bytes, list[tuple[int, float]]] = defaultdict(list)
    for row in rows:
        streams[row.stream].append((row.seq, row.time))
    for stream, order in streams.items():
        falls = [f"{b} behind {a}" for a, b in pairwise(sorted(order)) if b[1] < a[1]]
        verdict.reordered += [f"stream {stream.hex()[:8]}: {fall}" for fall in falls]
    for began, ended in lives:
        inside = [began, *(row.time for row in rows if began <= row.time <= ended), ended]
        verdict.lost += [f"nothing from {a:.1f} to {b:.1f}" for a, b in pairwise(inside) if b - a > MOST_SECONDS]
    return verdict
