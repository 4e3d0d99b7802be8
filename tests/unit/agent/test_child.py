"""Programs of users: limited in time and output, and nothing of them left behind."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.support.processes import wait_until
from watchkeeper.agent.child import run


def shell(text: str, seconds: float = 10.0, **limits: int):  # type: ignore[no-untyped-def]
    return run(["/bin/sh", "-c", text], seconds, **limits)


def test_output_and_status_of_a_program_that_ends() -> None:
    output = shell("echo out; echo err >&2")
    assert (output.status, output.out, output.err, output.problem) == (0, b"out\n", b"err\n", "")


def test_the_first_line_of_its_errors_tells_why_it_failed() -> None:
    output = shell("echo 'no such disk' >&2; echo more >&2; exit 3")
    assert output.problem == "ended with status 3: no such disk"


def test_a_program_that_is_not_there_or_no_program(tmp_path: Path) -> None:
    assert run([str(tmp_path / "none")], 5.0).problem == "cannot be started: No such file or directory"
    (tmp_path / "text").write_text("echo")
    (tmp_path / "text").chmod(0o755)
    assert run([str(tmp_path / "text")], 5.0).problem.startswith("cannot be started")


@pytest.mark.parametrize(
    "text", ["sleep 60", "sleep 60 & sleep 60", "exec >/dev/null 2>&1; sleep 60", "trap '' TERM; sleep 60"]
)
def test_a_program_that_takes_too_long_is_killed_with_its_children(text: str, tmp_path: Path) -> None:
    begin = time.monotonic()
    output = shell(f"echo $$ > {tmp_path}/pid; {text}", 0.3)
    assert time.monotonic() - begin < 5.0
    assert output.problem == "was killed after 0.3 s"
    group = int((tmp_path / "pid").read_text())

    def gone() -> bool:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        return False

    wait_until(gone, 5, "the end of the whole group")


def test_a_child_that_outlives_its_parent_ends_with_it(tmp_path: Path) -> None:
    output = shell(f"sleep 60 >/dev/null 2>&1 & echo $! > {tmp_path}/pid")
    assert output.problem == ""
    pid = int((tmp_path / "pid").read_text())

    def gone() -> bool:
        try:
            return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
        except FileNotFoundError:
            return True

    wait_until(gone, 5, "the end of the child")


def test_a_program_that_prints_without_end_is_killed() -> None:
    output = shell("yes", 10.0, out_bytes=100_000)
    assert output.problem == "printed more than 100000 bytes and was killed"


def test_errors_without_end_are_cut_and_do_not_hold_it_up() -> None:
    output = shell("i=0; while [ $i -lt 2000 ]; do echo 'a long line of complaint' >&2; i=$((i+1)); done; echo done")
    assert output.out == b"done\n"
    assert len(output.err) == 4096


def test_it_runs_at_low_priority() -> None:
    assert shell("sleep 0.2; cut -d' ' -f19 /proc/self/stat").out == b"10\n"
