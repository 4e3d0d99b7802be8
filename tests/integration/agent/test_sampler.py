"""The sampler on a real spool and real collectors, with a clock that the test moves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.agent.spooled import Spooled
from watchkeeper.agent.board import Board
from watchkeeper.agent.collectors.load import Load
from watchkeeper.agent.collectors.network import Network
from watchkeeper.agent.crew import Crew
from watchkeeper.agent.journal import Journal
from watchkeeper.agent.machine import Machine
from watchkeeper.agent.sampler import Sampler
from watchkeeper.base.clock import SteppedClock
from watchkeeper.uplink.spool import Spool
from watchkeeper.wire.records import unpack


class Bench:
    """A sampler with all that it needs; `watched` and `facts` are the test's to set."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = SteppedClock()
        # The machine of these tests never sleeps: time since boot goes with the clock that they move.
        monkeypatch.setattr("watchkeeper.agent.sampler.boottime", lambda monotonic: monotonic)
        self.spool = Spool(str(path / "spool"), clock=self.clock)
        self.board = Board()
        self.crew = Crew(self.board)
        self.watched = False
        self.facts: dict[str, object] = {"hostname": "box"}
        self.tables = 0
        self.wanted = False
        self.sampler = self.made()

    def made(self) -> Sampler:
        return Sampler(
            self.spool,
            Journal(self.spool, self.clock),
            self.crew,
            self.board,
            interval=5.0,
            boot=42,
            clock=self.clock,
            facts=lambda: dict(self.facts),
            table=self,
            watched=lambda: self.watched,
        )

    def want(self) -> None:
        self.wanted = True

    def table(self) -> dict[str, object]:
        assert self.wanted, "the table must be wanted before it is asked for"
        self.wanted = False
        self.tables += 1
        return {"count": self.tables, "by_cpu": [], "by_memory": []}

    def tick(self, count: int = 1) -> None:
        for _ in range(count):
            self.sampler.tick()
            self.clock.advance(5.0)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    bench = Bench(tmp_path, monkeypatch)
    bench.crew.add("load", Load(Machine()))
    yield bench
    bench.crew.end()
    bench.spool.close()


def broken(switch: list[bool]) -> Callable[[float], dict[str, float]]:
    def collect(now: float) -> dict[str, float]:
        if switch:
            raise RuntimeError("out of order")
        return {"files.open": 1.0}

    return collect


def test_a_schema_goes_once_before_the_reports_that_need_it(bench: Bench) -> None:
    bench.tick(3)
    spooled = Spooled(bench.spool)
    assert [kind for kind in spooled.order if kind in ("schema", "report")] == ["schema", "report", "report", "report"]
    assert spooled.reports[0]["load.1"] >= 0.0
    assert spooled.heads[0].boot == 42
    assert spooled.heads[1].time - spooled.heads[0].time == pytest.approx(5.0)
    assert spooled.heads[1].monotonic - spooled.heads[0].monotonic == pytest.approx(5.0)


def test_a_new_series_makes_a_new_schema_and_old_values_stay_in_place(bench: Bench) -> None:
    bench.tick()
    bench.crew.add("extra", lambda now: {"files.open": 7.0})
    bench.tick(2)
    spooled = Spooled(bench.spool)
    assert [kind for kind in spooled.order if kind in ("schema", "report")] == [
        "schema",
        "report",
        "schema",
        *["report"] * 2,
    ]
    assert "files.open" not in spooled.reports[0]
    assert spooled.reports[1]["files.open"] == 7.0


def test_the_hub_can_ask_for_a_schema_again(bench: Bench) -> None:
    bench.tick()
    number = Spooled(bench.spool).heads[0].schema
    bench.sampler.repeat_schemas([number, 12345])
    assert Spooled(bench.spool).order == ["schema"]


def test_the_newest_report_can_be_sent_ahead_behind_its_schema(bench: Bench) -> None:
    assert bench.sampler.hint() is None
    bench.tick()
    first = bench.sampler.hint()
    bench.tick()
    second = bench.sampler.hint()
    assert first is not None
    assert second is not None
    assert [record.kind for record in unpack(first, 2)] == [2, 1]
    assert [record.kind for record in unpack(second, 1)] == [1]


def test_a_process_table_is_kept_every_thirty_seconds(bench: Bench) -> None:
    bench.tick(13)
    spooled = Spooled(bench.spool)
    tables = [snapshot for snapshot in spooled.snapshots if snapshot["kind"] == "processes"]
    assert len(tables) == 3
    assert [table["time"] for table in tables] == pytest.approx([1.7e9, 1.7e9 + 30, 1.7e9 + 60])
    assert tables[0]["data"]["time"] == tables[0]["time"]


def test_while_somebody_looks_each_tick_has_a_table_for_the_live_view(bench: Bench) -> None:
    bench.tick()
    assert bench.sampler.extras() is None
    bench.watched = True
    bench.tick()
    extras = bench.sampler.extras()
    assert extras is not None
    assert [record.kind for record in unpack(extras, 1)] == [4]
    bench.watched = False
    bench.tick()
    assert bench.sampler.extras() is None
    assert len([snapshot for snapshot in Spooled(bench.spool).snapshots if snapshot["kind"] == "processes"]) == 1


def test_facts_and_collectors_are_kept_at_the_start_and_when_they_change(bench: Bench) -> None:
    switch: list[bool] = []
    bench.crew.add("moody", broken(switch))
    bench.tick(70)
    switch.append(True)
    bench.facts = {"hostname": "renamed"}
    bench.tick(70)
    spooled = Spooled(bench.spool)
    facts = [snapshot["data"] for snapshot in spooled.snapshots if snapshot["kind"] == "facts"]
    assert facts == [{"hostname": "box"}, {"hostname": "renamed"}]
    collectors = [snapshot["data"]["collectors"] for snapshot in spooled.snapshots if snapshot["kind"] == "collectors"]
    assert [[row["state"] for row in rows] for rows in collectors] == [["running", "running"], ["running", "failing"]]


def test_a_collector_that_fails_and_recovers_makes_two_events_and_unknown_values(bench: Bench) -> None:
    switch: list[bool] = []
    bench.crew.add("moody", broken(switch))
    bench.tick()
    switch.append(True)
    bench.tick(3)
    switch.clear()
    bench.tick()
    spooled = Spooled(bench.spool)
    failed = spooled.event("collector.failed")
    assert failed["severity"] == "warning"
    assert failed["data"] == {"collector": "moody", "reason": "RuntimeError: out of order"}
    assert spooled.event("collector.recovered")["data"]["collector"] == "moody"
    assert [report["files.open"] for report in spooled.reports][0::4] == [1.0, 1.0]
    assert all(math.isnan(report["files.open"]) for report in spooled.reports[1:4])
    assert all(report["load.1"] >= 0.0 for report in spooled.reports)
    assert spooled.reports[1]["agent.collector.ok{collector=moody}"] == 0.0


@pytest.mark.parametrize("step", [365 * 86400.0, -365 * 86400.0, 30.0])
def test_a_clock_that_is_set_makes_an_event_and_reports_go_on(bench: Bench, step: float) -> None:
    bench.crew.add("network", Network(Machine()))
    bench.tick(2)
    bench.clock.step_wall(step)
    bench.tick(2)
    spooled = Spooled(bench.spool)
    assert spooled.event("clock.stepped")["data"]["seconds"] == pytest.approx(step)
    assert len(spooled.reports) == 4
    assert spooled.heads[2].monotonic - spooled.heads[1].monotonic == pytest.approx(5.0)
    rates = {name: value for name, value in spooled.reports[2].items() if name.startswith("network.receive{")}
    assert all(value >= 0.0 for value in rates.values())


def test_too_many_series_are_capped_with_one_event(bench: Bench) -> None:
    bench.crew.add("flood", lambda now: {f"flood{number}": 1.0 for number in range(12_000)})
    bench.tick(3)
    spooled = Spooled(bench.spool)
    assert spooled.event("series.capped")["data"]["limit"] == 10_000
    assert {len(report) for report in spooled.reports} == {10_000}
    assert all(report["load.1"] >= 0.0 for report in spooled.reports)
