"""The place where faults happen: one hub, a proxy before it, and ledger agents, all of them real processes.

with Arena(tmp_path) as arena:
    agent = arena.add_agent()
    arena.hub.kill()
    ...
    arena.drain()
    arena.verdict().holds
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path
from typing import Any, Self

import msgspec

from tests.fault.held import read_held
from tests.fault.ledger import Noted, read_ledger
from tests.fault.ledger_agent import Control, Plan, Status
from tests.fault.oracle import Verdict, judge
from tests.fault.proxy import FaultProxy
from tests.fault.row import Row
from tests.fault.stored import read_stored
from tests.support.processes import HubProcess, Process, clean_environment, free_port, wait_until

SEED_VARIABLE = "WK_FAULT_SEED"
DRAIN_SECONDS = 60.0
SETTLE_SECONDS = 15.0
DAY_AND_MORE = 30 * 3600.0


def new_seed() -> int:
    """From the environment, to repeat a run; else a new one. Whoever draws it prints it."""
    return int(os.environ.get(SEED_VARIABLE) or int.from_bytes(os.urandom(4), "big"))


class LedgerAgent:
    """One ledger agent over its lives: its plan, its files, and the process that lives now."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder = folder
        self.plan = plan
        self.process: Process | None = None
        self.control = Control()
        self._quiet_since = 0

    @property
    def spool(self) -> Path:
        return Path(self.plan.spool)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.alive

    def start(self) -> None:
        """Begin a new life."""
        assert not self.alive
        self.command()
        plan = self.folder / "plan.json"
        plan.write_bytes(msgspec.json.encode(self.plan))
        self.plan.seed += 1
        command = [sys.executable, "-m", "tests.fault.ledger_agent", str(plan)]
        self.process = Process(command, self.folder / "agent.log", clean_environment())

    def command(self, **changes: Any) -> None:
        """Change what the agent does; it sees that within a tick."""
        self.control = msgspec.structs.replace(self.control, **changes)
        path = Path(self.plan.control)
        new = path.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(self.control))
        new.rename(path)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()

    def stop(self) -> None:
        if self.process is not None and self.process.alive:
            assert self.process.stop() == 0, self.output()

    def status(self) -> Status | None:
        """What the process that lives now said last, None before its first word."""
        try:
            status = msgspec.json.decode(Path(self.plan.status).read_bytes(), type=Status)
        except FileNotFoundError:
            return None
        return status if self.process is not None and status.pid == self.process.pid else None

    def output(self) -> str:
        return self.process.output()[-4000:] if self.process else ""

    def wait_for(self, count: int, seconds: float = 30.0) -> None:
        """Until `count` more records have been collected, as the process that lives now tells."""
        first = wait_until(self._last, seconds, "the agent's first word")
        wait_until(lambda: self._last() >= first + count, seconds, f"{count} more records")

    def _last(self) -> int:
        assert self.alive, f"the agent ended:\n{self.output()}"
        status = self.status()
        return status.last + 1 if status else 0

    def ledger(self) -> list[Noted]:
        return read_ledger(Path(self.plan.ledger))

    def quiet(self) -> bool:
        """Whether it collects no more, and its spool has said three times that it holds nothing that the hub lacks."""
        assert self.alive, f"the agent ended:\n{self.output()}"
        status = self.status()
        if status is None or status.collecting or status.batches:
            self._quiet_since = 0
            return False
        self._quiet_since = self._quiet_since or status.told
        return status.told > self._quiet_since + 2


class Arena:
    """A hub with its data in `path`/hub, a proxy, and any number of ledger agents.

    All randomness is from `seed`; the hub looks after its store every `tick` seconds.
    """

    def __init__(self, path: Path, seed: int | None = None, tick: float = 0.2) -> None:
        self.path = path
        self.seed = new_seed() if seed is None else seed
        self.random = random.Random(self.seed)
        self.port = free_port()
        self.agents: list[LedgerAgent] = []
        self.offset = 0.0
        self.tick = tick
        # Hours ago, so that the hub also has closed hours to put away while faults come.
        self.first_time = float(int(time.time()) - 4 * 3600)
        path.mkdir(parents=True, exist_ok=True)
        print(f"{SEED_VARIABLE}={self.seed}")
        self.hub = self._start_hub()
        self.proxy = FaultProxy(self.port)

    def _start_hub(self) -> HubProcess:
        data = self.path / "hub"
        env = {
            "WK_HUB_LISTEN": f"127.0.0.1:{self.port}",
            "WK_HUB_DATA": str(data),
            "FAULT_CLOCK": str(self.path / "clock"),
            "FAULT_TICK": str(self.tick),
        }
        command = [sys.executable, "-m", "tests.fault.stepped_hub"]
        url = f"http://127.0.0.1:{self.port}"
        hub = HubProcess(command, self.path / "hub.log", clean_environment(env), url, data)
        try:
            wait_until(lambda: not hub.alive or hub.is_healthy(), 60, "the hub's /health")
            assert hub.alive, f"the hub ended at once:\n{hub.output()[-4000:]}"
        except BaseException:
            hub.kill()
            raise
        return hub

    def start_hub(self) -> None:
        """Start the hub that was killed or stopped anew, on the same data and port."""
        assert not self.hub.alive
        self.hub = self._start_hub()

    def set_clock(self, offset: float) -> None:
        """Set the hub's date so many seconds from the machine's."""
        new = self.path / "clock.new"
        new.write_text(str(offset))
        new.rename(self.path / "clock")
        self.offset = offset

    def add_agent(self, start: bool = True, **changes: Any) -> LedgerAgent:
        """A new host with a ledger agent; `changes` go into its Plan."""
        holder = len(self.agents)
        _, token = self.hub.add_host(f"ledger-{holder}")
        folder = self.path / f"agent-{holder}"
        folder.mkdir()
        plan = Plan(
            spool=str(folder / "spool"),
            ledger=str(folder / "ledger"),
            control=str(folder / "control.json"),
            status=str(folder / "status.json"),
            url=self.proxy.url,
            token=token,
            seed=self.random.getrandbits(32),
            holder=holder,
            first_time=self.first_time,
        )
        agent = LedgerAgent(folder, msgspec.structs.replace(plan, **changes))
        self.agents.append(agent)
        if start:
            agent.start()
        return agent

    def drain(self, seconds: float = DRAIN_SECONDS) -> float:
        """Stop collecting and wait until the hub has everything; gives how long that took, in seconds."""
        began = time.monotonic()
        for agent in self.agents:
            agent.command(collect=False)
        for agent in self.agents:
            try:
                wait_until(agent.quiet, seconds, f"draining {agent.folder} with seed {self.seed}")
            except AssertionError as error:
                raise AssertionError(f"{error}\n{agent.status()}\n{agent.output()}") from None
        return time.monotonic() - began

    def row(self, fault: str, times: int, power_cut: bool = False, seconds: float = DRAIN_SECONDS) -> Row:
        """Drain, then ask the oracle twice: of the records as they came, and once the hub has put them away."""
        began = time.monotonic()
        self.drain(seconds)
        verdict = self.verdict(power_cut)
        # What is still on its way may take a little longer than the spools say.
        deadline = time.monotonic() + SETTLE_SECONDS
        while (verdict.lost or verdict.held) and time.monotonic() < deadline:
            time.sleep(0.25)
            verdict = self.verdict(power_cut)
        drain = time.monotonic() - began
        if verdict.holds:
            self.close_day(seconds)
            verdict = self.verdict(power_cut)
        return Row(fault, times, verdict, drain, self.seed)

    def close_day(self, seconds: float = DRAIN_SECONDS) -> None:
        """Let more than a day pass for the hub, and wait until it has compacted, merged, and removed what is old."""
        self.set_clock(self.offset + DAY_AND_MORE)
        due = time.time() + self.offset - 60.0
        wait_until(lambda: self.hub.get("/hub")["compaction"]["last"] > due, seconds, "the hub's compaction")

    def wait_for_refusal(self, agent: LedgerAgent, seconds: float = 30.0) -> None:
        """Until an agent has been told that the hub cannot store now."""
        wait_until(lambda: bool((status := agent.status()) and status.sender["error"]), seconds, "a refusal by the hub")

    def duplicates(self) -> int:
        """Batches that the hub was sent again and did not store again."""
        return read_stored(self.hub.data).duplicates

    def ledger(self) -> list[Noted]:
        return [entry for agent in self.agents for entry in agent.ledger()]

    def verdict(self, power_cut: bool = False) -> Verdict:
        """The oracle's word on all agents."""
        stored = read_stored(self.hub.data)
        held = {batch for agent in self.agents for batch in read_held(agent.spool)}
        return judge(self.ledger(), stored, held, power_cut)

    def close(self) -> None:
        for agent in self.agents:
            agent.kill()
        self.proxy.close()
        self.hub.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
