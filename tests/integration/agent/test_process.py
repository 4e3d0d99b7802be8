"""The agent as a process: started, stopped, killed, asked, and left alone without a hub."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.integration.agent.spooled import Spooled
from tests.support.processes import AgentProcess, clean_environment, start_agent, wait_until
from watchkeeper.uplink.spool import Spool

NO_HUB = {"WK_AGENT_HUB": "http://127.0.0.1:1"}


def started(tmp_path: Path, **env: str) -> AgentProcess:
    return start_agent(None, tmp_path, token="wka_test", host="h", env={**NO_HUB, **env})


def status_file(agent: AgentProcess) -> dict[str, object]:
    try:
        found: dict[str, object] = json.loads((agent.data / "status.json").read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if found.get("pid") == agent.pid else {}


def command(data: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    environment = clean_environment({"WK_AGENT_DATA": str(data), "WK_AGENT_INTERVAL": "1", **NO_HUB, **env})
    line = [sys.executable, "-m", "watchkeeper.agent", *words]
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=60, check=False)


def spooled(data: Path) -> Spooled:
    spool = Spool(str(data / "spool"))
    try:
        return Spooled(spool)
    finally:
        spool.close()


def ended(pid: int) -> bool:
    """Gone, or only waiting for somebody to take note."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


@pytest.fixture
def background(tmp_path: Path) -> Iterator[Path]:
    """A folder whose background agent is stopped when the test ends."""
    data = tmp_path / "agent"
    yield data
    command(data, "stop")


def test_without_a_hub_it_samples_keeps_everything_and_says_so(tmp_path: Path) -> None:
    with started(tmp_path) as agent:
        first = wait_until(lambda: status_file(agent), 10)["since"]
        assert isinstance(first, float)
        wait_until(lambda: float(str(status_file(agent)["time"])) > first + 2.2, 10, "three reports")
        sender = status_file(agent)["sender"]
        assert isinstance(sender, dict)
        assert sender["connected"] is False
        assert sender["error"]
        begin = time.monotonic()
        assert agent.stop() == 0
        assert time.monotonic() - begin < 5.0
    found = spooled(agent.data)
    assert len(found.reports) >= 3
    assert found.event("agent.started")["data"]["reason"] == "first start"
    assert found.event("agent.stopped")["data"]["reason"] == "SIGTERM"
    assert {"facts", "collectors", "processes"} <= {snapshot["kind"] for snapshot in found.snapshots}
    times = [head.time for head in found.heads[1:]]
    assert all(time % 1.0 < 0.5 for time in times), "reports fall on whole seconds"


def test_without_a_token_it_keeps_what_it_samples(tmp_path: Path) -> None:
    with start_agent(None, tmp_path, token=" ", host="h", env={**NO_HUB, "WK_AGENT_TOKEN": ""}) as agent:
        wait_until(lambda: status_file(agent), 10)
        answer = command(agent.data, "status")
        assert "there is no token" in answer.stdout
        assert agent.stop() == 0
    assert spooled(agent.data).reports


def test_the_token_may_lie_beside_the_spool(tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    (tmp_path / "box/token").write_text("wka_from_file\n")
    with start_agent(None, tmp_path, token=" ", host="h", env={**NO_HUB, "WK_AGENT_TOKEN": ""}) as agent:
        wait_until(lambda: status_file(agent), 10)
        assert "token" not in str(status_file(agent)["sender"])
        agent.stop()


def test_killed_and_started_again_it_tells_that_it_crashed(tmp_path: Path) -> None:
    agent = started(tmp_path)
    wait_until(lambda: status_file(agent), 10)
    agent.kill()
    assert "did not end cleanly" in command(agent.data, "status").stdout
    with started(tmp_path) as again:
        wait_until(lambda: status_file(again), 10)
        again.stop()
    reasons = [event["data"]["reason"] for event in spooled(agent.data).events if event["type"] == "agent.started"]
    assert reasons == ["first start", "after crash"]


def test_stopped_and_started_again_it_tells_that_all_is_well(tmp_path: Path) -> None:
    for _ in range(2):
        with started(tmp_path) as agent:
            wait_until(lambda agent=agent: status_file(agent), 10)  # type: ignore[misc]
            agent.stop()
    reasons = [event["data"]["reason"] for event in spooled(agent.data).events if event["type"] == "agent.started"]
    assert reasons == ["first start", "clean start"]


def test_a_second_agent_in_one_folder_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with started(tmp_path) as agent:
        wait_until(lambda: status_file(agent), 10)
        answer = command(agent.data, "run")
        assert answer.returncode == 1
        assert f"already runs in {agent.data} (process {agent.pid})" in answer.stderr
        assert "WK_AGENT_DATA" in answer.stderr
        assert agent.alive


def test_started_in_the_background_it_answers_and_can_be_stopped(background: Path) -> None:
    assert command(background, "status").returncode == 3
    first = command(background, "start")
    assert first.returncode == 0, first.stderr
    again = command(background, "start")
    assert "already running" in again.stdout
    status = command(background, "status", "--json")
    assert status.returncode == 0
    pid = json.loads(status.stdout)["pid"]
    assert f"started as process {pid}" in first.stdout
    words = command(background, "status").stdout
    assert f"running as process {pid}" in words
    assert "not connected to http://127.0.0.1:1" in words
    assert command(background, "stop").stdout == "stopped\n"
    assert command(background, "stop").returncode == 3
    assert command(background, "status").returncode == 3
    wait_until(lambda: ended(pid), 5, "the end of the process")


def test_a_start_that_fails_shows_why(background: Path) -> None:
    background.mkdir(parents=True)
    (background / "spool").write_text("in the way")
    answer = command(background, "start")
    assert answer.returncode == 1
    assert "spool" in answer.stderr


@pytest.mark.parametrize(
    ("words", "env", "expected"),
    [
        (["rum"], {}, "did you mean 'run'?"),
        (["--confg", "x"], {}, "did you mean '--config'?"),
        (["--config"], {}, "--config wants a file"),
        (["run", "--config", "/nowhere.toml"], {}, "there is no such file"),
        (["run"], {"WK_AGENT_COLLECTORS": "proceses=false"}, "did you mean 'processes'?"),
        (["run"], {"WK_AGENT_TOKEN_FILE": "/nowhere"}, "agent.token_file /nowhere"),
        (["run"], {"WK_AGENT_TOKEN": "a", "WK_AGENT_CA": "/nowhere.pem", "WK_AGENT_HUB": "https://x"}, "/nowhere.pem"),
    ],
)  # fmt: skip
def test_a_wrong_call_ends_with_status_2_and_the_way_out(
    tmp_path: Path, words: list[str], env: dict[str, str], expected: str
) -> None:
    answer = command(tmp_path / "agent", *words, **env)
    assert answer.returncode == 2, answer.stderr
    assert expected in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = command(tmp_path / "file" / "agent", "run")
    assert answer.returncode == 1
    assert str(tmp_path / "file/agent") in answer.stderr
    assert "Traceback" not in answer.stderr


def test_collectors_that_are_switched_off_stay_off(tmp_path: Path) -> None:
    with started(tmp_path, WK_AGENT_COLLECTORS="processes=false,tcp=false") as agent:
        wait_until(lambda: status_file(agent), 10)
        agent.stop()
    found = spooled(agent.data)
    assert not [name for name in found.reports[0] if name.startswith(("processes.", "tcp."))]
    assert "processes" not in {snapshot["kind"] for snapshot in found.snapshots}


def test_custom_metrics_of_files_and_scripts_arrive_and_bad_ones_are_told(tmp_path: Path) -> None:
    files, scripts = tmp_path / "files", tmp_path / "scripts"
    files.mkdir()
    scripts.mkdir()
    (files / "backup.prom").write_text(
        '# TYPE backup_runs counter\nbackup_runs{job="nightly"} 12\nbad line here oops\n'
    )
    (files / "notes.txt").write_text("ignored 1\n")
    for name, text in (
        ("good", "echo 'queue_length 7'"),
        ("bad", "echo 'disk on fire' >&2; exit 1"),
        ("slow", "sleep 60"),
    ):
        (scripts / name).write_text(f"#!/bin/sh\n{text}\n")
        (scripts / name).chmod(0o755)
    with started(
        tmp_path,
        WK_AGENT_CUSTOM_TEXTFILES=str(files),
        WK_AGENT_CUSTOM_SCRIPTS=str(scripts),
        WK_AGENT_CUSTOM_TIMEOUT="0.3",
    ) as agent:

        def told() -> bool:
            rows = status_file(agent).get("collectors", [])
            assert isinstance(rows, list)
            return {"scripts:good", "scripts:bad", "scripts:slow"} <= {row["name"] for row in rows}

        wait_until(told, 15, "all scripts' states")
        agent.stop()
    found = spooled(agent.data)
    newest = found.reports[-1]
    assert newest["backup_runs{job=nightly}"] == 12.0
    assert newest["queue_length"] == 7.0
    assert newest["agent.collector.ok{collector=scripts:bad}"] == 0.0
    reasons = {
        event["data"]["collector"]: event["data"]["reason"] for event in found.events if "collector" in event["data"]
    }
    assert "line 3" in reasons["textfiles:backup.prom"]
    assert reasons["scripts:bad"] == "ended with status 1: disk on fire"
    assert reasons["scripts:slow"] == "was killed after 0.3 s"


def test_a_stopped_process_goes_on_with_one_report_not_with_many(tmp_path: Path) -> None:
    with started(tmp_path) as agent:
        wait_until(lambda: status_file(agent), 10)
        os.kill(agent.pid, signal.SIGSTOP)
        time.sleep(3.5)
        os.kill(agent.pid, signal.SIGCONT)
        time.sleep(2.2)
        agent.stop()
    times = [head.time for head in spooled(agent.data).heads]
    steps = [later - earlier for earlier, later in pairwise(times)]
    assert max(steps) > 2.5
    assert min(steps) >= 0.45
