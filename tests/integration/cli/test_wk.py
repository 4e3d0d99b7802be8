"""`wk` against a real hub that a real agent reports to."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import stat
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Up, Wk
from tests.support.processes import wait_until


def test_up_twice_is_harmless_and_quick(up: Up) -> None:
    before = up.wk.json("status")
    assert up.wk.json("up")["url"] == up.wk.url
    after = up.wk.json("status")
    assert (after["hub"]["pid"], after["agent"]["pid"]) == (before["hub"]["pid"], before["agent"]["pid"])


def test_status_tells_who_runs(up: Up) -> None:
    shown = up.wk.out("status")
    assert f"● running, {up.wk.url}" in shown
    assert str(up.wk.data) in shown


def test_the_hosts_are_listed_in_stable_columns_without_colours(up: Up) -> None:
    head, first, *_ = up.wk.out("hosts", "list").splitlines()
    assert head.split() == [
        "NAME",
        "STATUS",
        "CPU",
        "MEMORY",
        "DISK",
        "LOAD",
        "RECEIVE",
        "SEND",
        "LAST",
        "REPORT",
        "TAGS",
    ]
    assert first.startswith(up.host)
    assert "● online" in first
    assert "\x1b" not in first


def test_a_host_is_shown_by_name_and_by_id(up: Up) -> None:
    found = up.wk.json("hosts", "show", up.host)
    assert found["host"]["status"] == "online"
    assert found["host"]["facts"]["cores"] >= 1
    assert up.wk.json("hosts", "show", found["host"]["id"])["host"]["name"] == up.host
    assert "cpu busy" in up.wk.out("hosts", "show", up.host)


def test_an_unknown_host_names_the_nearest(up: Up) -> None:
    wrong = up.host + "x"
    told = up.wk("hosts", "show", wrong, status=4).stderr
    assert told.splitlines()[0] == f"wk: there is no host {wrong!r}"
    assert f"did you mean {up.host!r}?" in told


def test_a_host_is_added_renamed_and_removed(up: Up) -> None:
    added = up.wk.json("hosts", "add", "spare", "--tag", "role=db")
    assert added["token"].startswith("wka_")
    assert up.wk.json("hosts", "list", "--tag", "role=db")["hosts"][0]["name"] == "spare"
    assert up.wk("hosts", "add", "spare", status=6).stderr.startswith("wk: ")
    assert up.wk.json("hosts", "rename", "spare", "reserve")["name"] == "reserve"
    assert "nothing was removed" in up.wk("hosts", "remove", "reserve", status=2, typed="something\n").stderr
    assert up.wk("hosts", "remove", "reserve", typed="reserve\n").stdout == "reserve is removed.\n"
    assert [host["name"] for host in up.wk.json("hosts", "list")["hosts"]] == [up.host]


def test_a_tag_without_a_value_is_wrong_use(up: Up) -> None:
    assert "write it as key=value" in up.wk("hosts", "add", "spare", "--tag", "role", status=2).stderr


def test_a_query_draws_what_the_hub_answers(up: Up) -> None:
    drawn = up.wk.out("query", "memory.percent", "--from", "-5m")
    assert f"{up.host}  memory.percent" in drawn
    assert re.search(r"[⠁-⣿]", drawn)
    assert max(map(len, drawn.splitlines())) <= 80


def test_a_query_keeps_to_the_width(up: Up) -> None:
    done = up.wk("query", "memory.percent", "--from", "-5m", env={"COLUMNS": "50"})
    assert max(map(len, done.stdout.splitlines())) <= 50


def test_a_query_prints_rows_and_json(up: Up) -> None:
    found = up.wk.json("query", "memory.used", "--from", "-5m")
    assert found["range"]["series"][0]["unit"] == "B"
    assert any(value is not None for value in found["range"]["series"][0]["mean"])
    head, *rows = up.wk.out("query", "memory.used", "--from", "-5m", "--table").splitlines()
    assert head.split() == ["TIME", "memory.used"]
    assert rows


def test_an_unknown_metric_names_the_nearest(up: Up) -> None:
    assert "memory.percent" in up.wk("query", "memory.percant", status=4).stderr


def test_the_catalogue_and_the_series_of_a_host_are_listed(up: Up) -> None:
    assert any(metric["name"] == "cpu.percent" for metric in up.wk.json("metrics")["metrics"])
    assert any(series["metric"] == "disk.percent" for series in up.wk.json("metrics", up.host)["series"])


def test_the_start_of_the_agent_is_an_event(up: Up) -> None:
    found = up.wk.json("events", up.host)["events"]
    assert any(entry["event"]["type"] == "agent.started" for entry in found)
    assert "agent.started" in up.wk.out("events")


def test_the_doctor_finds_nothing_broken(up: Up) -> None:
    examined = up.wk.json("doctor")
    assert examined["ok"], examined
    assert {"hub", "token", "reports", "clock", "spool"} <= {finding["subject"] for finding in examined["findings"]}


def test_a_login_makes_a_token_that_only_its_owner_can_read(up: Up, tmp_path: Path) -> None:
    home = {"XDG_CONFIG_HOME": str(tmp_path), "WK_DATA": str(tmp_path / "elsewhere")}
    up.wk("login", "--hub", up.wk.url, "--password-stdin", env=home, typed=up.password + "\n")
    kept = tmp_path / "watchkeeper" / "cli.toml"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert up.password not in kept.read_text()
    listed = json.loads(up.wk("tokens", "list", "--json", env=home).stdout)["tokens"]
    assert any(token["name"].startswith("wk on ") for token in listed)
    made = json.loads(up.wk("tokens", "add", "script", "--days", "1", "--json", env=home).stdout)
    assert json.loads(up.wk("hosts", "list", "--json", "--token", made["token"], env=home).stdout)["hosts"]
    up.wk("tokens", "remove", made["id"], env=home)
    up.wk("hosts", "list", "--token", made["token"], env=home, status=5)


def test_a_wrong_password_and_a_wrong_token_are_not_allowed(up: Up, tmp_path: Path) -> None:
    home = {"XDG_CONFIG_HOME": str(tmp_path)}
    up.wk("login", "--hub", up.wk.url, "--password-stdin", env=home, typed="wrong password\n", status=5)
    assert not (tmp_path / "watchkeeper").exists()
    up.wk("hosts", "list", "--token", "wkt_wrong", env=home, status=5)


def test_top_shows_this_machine_on_a_small_terminal_and_q_quits(up: Up) -> None:
    screen = on_a_terminal(up.wk, ["top"], lambda text: up.host in text and "online" in text)
    assert "1 host" in screen
    assert "\x1b[?1049h" in screen
    assert "\x1b[?1049l" in screen


def test_top_of_one_host_shows_its_processes(up: Up) -> None:
    on_a_terminal(up.wk, ["top", up.host], lambda text: "PROCESS" in text and "memory" in text)


def test_no_color_is_kept_on_a_terminal(up: Up) -> None:
    up.wk.env["NO_COLOR"] = "1"
    try:
        text = on_a_terminal(up.wk, ["hosts", "list"], None)
    finally:
        del up.wk.env["NO_COLOR"]
    assert up.host in text
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", text)


def test_top_prints_events_as_they_come(up: Up) -> None:
    command = [sys.executable, "-m", "watchkeeper.cli", "top", "--json"]
    process = subprocess.Popen(command, env=up.wk.env, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert first["event"] == "fleet"
        assert first["data"]["hosts"][0]["name"] == up.host
    finally:
        process.kill()
        process.communicate(timeout=10)


def test_top_without_a_terminal_says_what_to_take_instead(up: Up) -> None:
    assert "wk hosts list" in up.wk("top", status=2).stderr


def test_the_shell_completes_commands_and_names_of_hosts(up: Up) -> None:
    def completed(words: str) -> str:
        asked = {"_WK_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
        code = "from watchkeeper.cli.main import wk; wk(prog_name='wk')"
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**up.wk.env, **asked},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.stdout

    assert "plain,hosts" in completed("wk ho")
    assert f"plain,{up.host}" in completed(f"wk hosts show {up.host[:1]}")


def test_a_hub_that_does_not_answer_has_a_status_of_its_own(alone: Wk) -> None:
    told = alone("hosts", "list", "--hub", alone.url, status=3).stderr
    assert told.startswith(f"wk: the hub at {alone.url} does not answer")
    assert alone("status", status=3).stdout.startswith("hub    ○ not running")


def test_the_doctor_says_what_to_mend_where_nothing_runs(alone: Wk) -> None:
    told = alone("doctor", "--hub", alone.url, status=1).stdout
    assert "wk up starts a hub here" in told


def test_a_taken_port_is_told_before_the_hub_starts(up: Up, alone: Wk) -> None:
    told = alone("up", env={"WK_HUB_LISTEN": up.wk.env["WK_HUB_LISTEN"]}, status=6).stderr
    assert "Address already in use" in told
    assert "another port: WK_HUB_LISTEN=" in told


def test_an_address_that_cannot_be_meant_is_told_before_the_hub_starts(alone: Wk) -> None:
    assert "no address with a port" in alone("up", env={"WK_HUB_LISTEN": "foo"}, status=2).stderr
    assert "is no address of a hub" in alone("hosts", "list", "--hub", "http://127.0.0.1:foo", status=2).stderr
    assert "http:// or https://" in alone("hosts", "list", "--hub", "ftp://hub", status=2).stderr


def test_a_data_folder_that_cannot_be_used_is_named(alone: Wk, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    told = alone("up", env={"WK_DATA": str(tmp_path / "file" / "data")}, status=1).stderr
    assert str(tmp_path / "file") in told
    assert "WK_DATA names another" in told


def test_what_a_hub_says_before_it_ends_is_shown(alone: Wk) -> None:
    port = alone.env["WK_HUB_LISTEN"].rpartition(":")[2]
    told = alone("up", env={"WK_HUB_LISTEN": f"0.0.0.0:{port}"}, status=1).stderr
    assert "hub.tls_cert" in told


def test_a_wrong_setting_names_the_nearest(alone: Wk, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text("[agent]\nintervall = 3\n")
    told = alone("config", "show", "--config", str(file), status=2).stderr
    assert "agent.interval" in told


def test_the_settings_tell_where_they_come_from(alone: Wk, tmp_path: Path) -> None:
    file = tmp_path / "watchkeeper.toml"
    file.write_text('[agent]\ntoken = "wka_secret"\n[log]\nlevel = "debug"\n')
    shown = alone.json("config", "show", "--config", str(file), "--changed")
    assert shown["log.level"] == {"value": "debug", "source": str(file)}
    assert shown["agent.interval"] == {"value": 1.0, "source": "WK_AGENT_INTERVAL"}
    assert shown["agent.token"]["value"] == "(secret)"


def on_a_terminal(wk: Wk, words: list[str], until: object) -> str:
    """Run `wk` on an 80 × 24 terminal; once `until` holds of what it has drawn, press q; gives all that it drew."""
    main, side = pty.openpty()
    ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    env = {**wk.env, "TERM": "xterm-256color"}
    process = subprocess.Popen(
        [sys.executable, "-m", "watchkeeper.cli", *words],
        env=env,
        stdin=side,
        stdout=side,
        stderr=side,
        start_new_session=True,
    )
    os.close(side)
    drawn = b""
    pressed = False
    deadline = time.monotonic() + 30
    try:
        while time.monotonic() < deadline:
            ready, _, _ = select.select([main], [], [], 0.1)
            if ready:
                try:
                    drawn += os.read(main, 65536)
                except OSError:
                    break
            if callable(until) and not pressed and until(drawn.decode(errors="replace")):
                os.write(main, b"q")
                pressed = True
        assert process.wait(10) == 0, drawn.decode(errors="replace")
    finally:
        process.kill()
        process.wait(10)
        os.close(main)
    assert pressed or until is None, drawn.decode(errors="replace")
    return drawn.decode(errors="replace")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_completion_script(alone: Wk, shell: str) -> None:
    assert "_WK_COMPLETE" in alone.out("completion", shell)


def test_a_reader_that_goes_away_is_no_error(up: Up) -> None:
    command = f"{sys.executable} -m watchkeeper.cli metrics | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], env=up.wk.env, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("METRIC")


def test_the_agent_stops_and_starts_by_itself(up: Up) -> None:
    assert up.wk.out("agent", "stop") == "The agent is stopped.\n"
    up.wk("agent", "status", status=3)
    assert up.wk.out("agent", "start").startswith("The agent runs as process ")
    assert up.wk.json("agent", "status")["running"]
    wait_until(lambda: up.wk.json("hosts", "list")["hosts"][0]["status"] == "online", 30)
