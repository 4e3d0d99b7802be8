from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import wait_until
from watchkeeper.base.errors import ConflictError
from watchkeeper.cli import background

HOLD = """
import sys, time
from watchkeeper.cli import background
background.Background("thing").hold({"url": sys.argv[1]})
print("held", flush=True)
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WK_DATA", str(tmp_path))


@pytest.fixture
def holder() -> Iterator[subprocess.Popen[str]]:
    process = hold("time.sleep(60)")
    yield process
    process.kill()
    process.communicate(timeout=10)


def hold(then: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD + then, "http://here"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_process_is_seen_to_run_for_as_long_as_it_lives(holder: subprocess.Popen[str]) -> None:
    thing = background.Background("thing")
    running = thing.running()
    assert running is not None
    assert (running.pid, running.facts) == (holder.pid, {"url": "http://here"})
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait(10)
    assert thing.running() is None
    last = thing.last()
    assert last is not None
    assert last.facts == {"url": "http://here"}


def test_a_second_process_of_the_same_kind_is_refused(holder: subprocess.Popen[str]) -> None:
    thing = background.Background("thing")
    with pytest.raises(ConflictError, match=f"runs as process {holder.pid}"):
        thing.hold({})


def test_a_program_that_takes_the_process_over_still_counts() -> None:
    program = "import time; print('over', flush=True); time.sleep(60)"
    process = hold(f"import os; os.execv(sys.executable, [sys.executable, '-c', {program!r}])")
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "over\n"
        running = background.Background("thing").running()
        assert running is not None
        assert running.pid == process.pid
    finally:
        process.kill()
        process.communicate(timeout=10)


def test_a_child_that_outlives_the_process_does_not_count() -> None:
    process = hold("import os; child = os.fork(); print(child, flush=True) if child else None; time.sleep(60)")
    assert process.stdout is not None
    child = int(process.stdout.readline())
    try:
        process.kill()
        process.wait(10)
        assert background.Background("thing").running() is None
    finally:
        os.kill(child, signal.SIGKILL)
        process.communicate(timeout=10)


def test_stopping_ends_the_process_and_tells_whether_there_was_one(holder: subprocess.Popen[str]) -> None:
    thing = background.Background("thing")
    # Somebody has to wait for the child, as init does for a real background process.
    assert thing.stop(seconds=10.0)
    assert holder.wait(10) == -signal.SIGTERM
    assert not thing.stop()


def test_a_process_that_ignores_the_request_is_killed() -> None:
    process = hold(
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "deaf\n"
    assert background.Background("thing").stop(seconds=0.2)
    wait_until(lambda: process.poll() is not None, 10)
    assert process.returncode == -signal.SIGKILL
    process.communicate(timeout=10)
