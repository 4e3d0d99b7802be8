"""Many ledger agents in one process, each with its own spool, sender and ledger.

`python -m tests.fault.crowd PLANS` runs until SIGTERM. All plans name the same control and status file.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
from pathlib import Path

import msgspec

from tests.fault.ledger import HOLDER_SPACE
from tests.fault.ledger_agent import LedgerAgent, Plan, Status
from watchkeeper.base.files import write_atomically


class Crowd:
    """Lets each agent tick in turn."""

    def __init__(self, plans: list[Plan]) -> None:
        self.agents = [LedgerAgent(plan) for plan in plans]
        self.status = plans[0].status
        self.stopping = threading.Event()
        self.told = 0

    def run(self) -> None:
        while not self.stopping.is_set():
            for agent in self.agents:
                agent.obey()
                if agent.control.collect:
                    agent.tick()
            self.tell()
            self.stopping.wait(self.agents[0].plan.pause)
        for agent in self.agents:
            agent.set_sending(False)
            agent.spool.close()

    def tell(self) -> None:
        """One status for all: what is waiting in all spools."""
        self.told += 1
        stats = [agent.spool.stats() for agent in self.agents]
        status = Status(
            pid=os.getpid(),
            told=self.told,
            last=sum(agent.ledger.last - agent.plan.holder * HOLDER_SPACE for agent in self.agents),
            collecting=any(agent.control.collect for agent in self.agents),
            batches=sum(int(str(one["batches"])) for one in stats),
            spool={"trouble": [one["trouble"] for one in stats if one["trouble"]][:3]},
            sender={"error": [error for agent in self.agents if (error := agent.sender.status()["error"])][:3]},
        )
        write_atomically(self.status, json.dumps(msgspec.to_builtins(status)).encode())


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    threading.stack_size(256 << 10)
    crowd = Crowd(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=list[Plan]))
    signal.signal(signal.SIGTERM, lambda *_: crowd.stopping.set())
    crowd.run()


if __name__ == "__main__":
    main()
