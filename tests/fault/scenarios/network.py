"""The way between agent and hub breaks."""

from __future__ import annotations

import random
from pathlib import Path

from tests.fault.arena import Arena
from tests.fault.proxy import DOUBLE, DROP_ANSWER, PASS, Exchange, Fault
from tests.fault.row import Row
from tests.support.processes import wait_until


def answers_dropped(path: Path, times: int = 100) -> Row:
    """The hub commits and answers, and the answer never arrives."""
    with Arena(path) as arena:
        dice = random.Random(arena.seed)

        def choose(_: Exchange) -> Fault:
            return DROP_ANSWER if arena.proxy.done.total() < times and dice.random() < 0.6 else PASS

        arena.proxy.choose = choose
        for _ in range(3):
            arena.add_agent(pause=0.02, post_bytes=2048)
        wait_until(lambda: arena.proxy.done.total() >= times, 90, f"{times} dropped answers")
        return arena.row("answer dropped", arena.proxy.done.total())


def exchanges_mangled(path: Path, times: int = 100) -> Row:
    """Requests and answers are cut at any byte, requests arrive twice at once, all of it late."""
    with Arena(path) as arena:
        dice = random.Random(arena.seed)

        def choose(exchange: Exchange) -> Fault:
            if arena.proxy.done.total() >= times or dice.random() < 0.3:
                return PASS
            return dice.choice(
                [
                    DOUBLE,
                    Fault("request cut", cut_request=dice.randrange(len(exchange.request))),
                    Fault("answer cut", cut_answer=dice.randrange(250)),
                    Fault("delayed", delay=dice.uniform(0.0, 0.3)),
                ]
            )

        arena.proxy.choose = choose
        for _ in range(3):
            arena.add_agent(pause=0.02, post_bytes=2048)
        wait_until(lambda: arena.proxy.done.total() >= times, 90, f"{times} mangled exchanges")
        assert set(arena.proxy.done) == {"double", "request cut", "answer cut", "delayed"}
        row = arena.row("exchange cut, doubled or delayed", arena.proxy.done.total())
        assert arena.duplicates() >= arena.proxy.done["double"], "the hub did not notice what came twice"
        return row


def hub_away(path: Path, records: int = 5000) -> Row:
    """The link is gone for long; a backlog grows over many segments and drains when it is back."""
    with Arena(path) as arena:
        agent = arena.add_agent(pause=0.001, most_reports=20, post_bytes=16 << 10)
        agent.wait_for(50)
        arena.proxy.go_away()
        agent.wait_for(records, 60)
        arena.proxy.come_back()
        return arena.row("link gone for long", 1)
