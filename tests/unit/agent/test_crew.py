"""Collectors cannot harm each other, and the board says how each fares."""

from __future__ import annotations

import threading

from tests.support.processes import wait_until
from watchkeeper.agent.board import Board
from watchkeeper.agent.crew import RETRY, Crew
from watchkeeper.agent.machine import MissingError


def works(now: float) -> dict[str, float]:
    return {"load.1": now}


def raises(now: float) -> dict[str, float]:
    raise RuntimeError("the sensor bit me")


def missing(now: float) -> dict[str, float]:
    raise MissingError("needs root to read /proc/secret")


def states(board: Board) -> dict[str, str]:
    return {name: state.state for name, state in board.states.items()}


def test_one_that_raises_is_failing_with_the_reason_and_the_others_work() -> None:
    board = Board()
    crew = Crew(board)
    crew.add("bad", raises)
    crew.add("good", works)
    crew.add_disabled("off")
    assert [entry.name for entry in crew.collect(1.0)] == ["good"]
    assert states(board) == {"bad": "failing", "good": "running", "off": "disabled"}
    assert board.states["bad"].reason == "RuntimeError: the sensor bit me"
    assert [(name, state.state) for name, _, state in board.take_changes()] == [("bad", "failing")]
    assert board.samples()["agent.collector.ok{collector=bad}"] == 0.0
    assert board.samples()["agent.collector.ok{collector=good}"] == 1.0
    crew.end()


def test_one_that_works_again_recovers() -> None:
    board = Board()
    crew = Crew(board)
    answers = [True, False]

    def sometimes(now: float) -> dict[str, float]:
        if answers.pop(0):
            raise OSError("not now")
        return {}

    crew.add("moody", sometimes)
    crew.collect(1.0)
    board.take_changes()
    crew.collect(2.0)
    assert [(name, before, state.state) for name, before, state in board.take_changes()] == [
        ("moody", "failing", "running")
    ]
    crew.end()


def test_what_is_missing_is_unavailable_and_asked_for_rarely() -> None:
    board = Board()
    crew = Crew(board)
    calls: list[float] = []

    def none(now: float) -> dict[str, float]:
        calls.append(now)
        return missing(now)

    crew.add("battery", none)
    for now in (0.0, 5.0, 10.0, RETRY + 1):
        crew.collect(now)
    assert calls == [0.0, RETRY + 1]
    assert states(board) == {"battery": "unavailable"}
    assert board.states["battery"].reason == "needs root to read /proc/secret"
    assert board.take_changes() == []
    assert board.samples() == {}
    crew.end()


def test_one_that_hangs_is_left_behind_and_comes_back_when_it_answers() -> None:
    board = Board()
    crew = Crew(board, patience=0.05)
    release = threading.Event()
    calls: list[float] = []

    def hangs(now: float) -> dict[str, float]:
        calls.append(now)
        release.wait(20)
        return {"load.5": now}

    crew.add("first", works)
    crew.add("stuck", hangs)
    crew.add("last", works)
    assert [entry.name for entry in crew.collect(1.0)] == ["first", "last"]
    assert states(board) == {"first": "running", "stuck": "failing", "last": "running"}
    assert "hangs" in board.states["stuck"].reason
    assert [entry.name for entry in crew.collect(RETRY + 2)] == ["first", "last"]
    assert calls == [1.0]
    release.set()
    wait_until(lambda: "stuck" in [entry.name for entry in crew.collect(2 * RETRY + 9)], 5, "the collector's return")
    assert states(board)["stuck"] == "running"
    crew.end()


def test_a_snapshot_is_due_only_when_a_state_or_reason_changed() -> None:
    board = Board()
    board.note("cpu", "running", "", 0.001)
    assert board.take_snapshot() is not None
    board.note("cpu", "running", "", 0.002)
    assert board.take_snapshot() is None
    board.note("cpu", "failing", "why", 0.002)
    snapshot = board.take_snapshot()
    assert snapshot == {"collectors": [{"name": "cpu", "state": "failing", "reason": "why", "seconds": 0.002}]}


def test_parts_that_are_gone_leave_the_board() -> None:
    board = Board()
    board.note_parts("scripts", {"scripts:a": ("running", "", 0.1), "scripts:b": ("failing", "no", 0.1)})
    board.note_parts("scripts", {"scripts:b": ("running", "", 0.1)})
    assert list(board.states) == ["scripts:b"]
