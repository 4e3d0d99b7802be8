"""The agent's own small command line. (argparse alone would cost the agent a megabyte of memory.)"""

from __future__ import annotations

import os
import sys
import time

from watchkeeper import __version__
from watchkeeper.agent.home import Home, folder
from watchkeeper.base import log
from watchkeeper.base.errors import UsageError, WatchkeeperError
from watchkeeper.base.nearest import nearest
from watchkeeper.base.settings import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from watchkeeper.base.settings import Settings

OK, FAILED, NOT_RUNNING = 0, 1, 3

USAGE = """\
The Watchkeeper agent: samples this machine, keeps what it sampled, and sends it to the hub.

  wk-agent run       sample and send in the foreground until SIGTERM or Ctrl-C
  wk-agent start     the same in the background
  wk-agent stop      end the agent that runs in the background or elsewhere
  wk-agent status    whether it runs, whether the hub answers, what it keeps

Options
  --config FILE      settings in TOML (otherwise WK_CONFIG, or none)
  --json             status as JSON
  --version, --help

Examples
  WK_AGENT_HUB=https://hub:8787 WK_AGENT_TOKEN=wka_… wk-agent run
  wk-agent start --config /etc/watchkeeper.toml
  wk-agent status --json

Exit status: 0 all is well, 1 it failed, 2 the call or the settings are wrong, 3 no agent runs."""

_START_SECONDS = 10.0
_STOP_SECONDS = 10.0


def main(arguments: list[str]) -> int:
    """Carry out one command; gives the exit status."""
    try:
        return _carry_out(arguments)
    except WatchkeeperError as error:
        _say(f"wk-agent: {error}", sys.stderr)
        return 2 if error.exit_code == 2 else FAILED


def _carry_out(arguments: list[str]) -> int:
    command, config, as_json = _understood(arguments)
    if command == "help":
        _say(USAGE)
        return OK
    if command == "version":
        _say(__version__)
        return OK
    settings = load(config)
    home = Home(folder(settings))
    if command == "start":
        return _start(home, config)
    if command == "stop":
        return _stop(home)
    if command == "status":
        return _status(home, as_json)
    return _run(settings)


def _understood(arguments: list[str]) -> tuple[str, str, bool]:
    """Command, configuration file, and whether JSON is wanted."""
    commands = ("run", "start", "stop", "status", "help", "version")
    command, config, as_json = "", "", False
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word in ("-h", "--help", "--version"):
            return "version" if word == "--version" else "help", "", False
        if word == "--json":
            as_json = True
        elif word == "--config" and rest:
            config = rest.pop(0)
        elif word.startswith("--config=") and len(word) > 9:
            config = word[9:]
        elif word in commands and not command:
            command = word
        else:
            near = nearest(word, ("--json", "--config", "--help", "--version", *commands))
            what = "--config wants a file" if word == "--config" else f"cannot make sense of {word!r}"
            raise UsageError(what, f"did you mean {near!r}?" if near and near != word else "wk-agent --help tells more")
    return command or "run", config, as_json


def _run(settings: Settings) -> int:
    log.start(settings.text("log.level"))
    from watchkeeper.agent.app import Agent

    Agent(settings).run()
    return OK


def _start(home: Home, config: str) -> int:
    running = home.pid()
    if running:
        _say(f"already running as process {running}")
        return OK
    os.makedirs(home.path, mode=0o700, exist_ok=True)
    command = [sys.executable, *_invocation(), "run", *(["--config", config] if config else [])]
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    begin = os.path.getsize(home.log) if os.path.exists(home.log) else 0
    pid = os.posix_spawn(
        sys.executable,
        command,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, home.log, flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if home.pid() == pid and home.status().get("pid") == pid:
            _say(f"started as process {pid}; its log is {home.log}")
            return OK
        ended, raw = os.waitpid(pid, os.WNOHANG)
        if ended:
            with open(home.log, encoding="utf-8", errors="replace") as file:
                file.seek(begin)
                _say(file.read().rstrip() or f"ended at once with {raw}", sys.stderr)
            return FAILED
        time.sleep(0.02)
    _say(f"process {pid} has not begun to sample within {_START_SECONDS:g} s; see {home.log}", sys.stderr)
    return FAILED


def _invocation() -> list[str]:
    """How this program was started, so that another of it can be: from a zip file or as a module."""
    program = os.path.abspath(sys.argv[0])
    return ["-I", "-S", program] if program.endswith(".pyz") else ["-m", "watchkeeper.agent"]


def _stop(home: Home) -> int:
    import signal

    pid = home.pid()
    if not pid:
        _say("no agent runs here")
        return NOT_RUNNING
    for number in (signal.SIGTERM, signal.SIGKILL):
        os.kill(pid, number)
        deadline = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < deadline:
            if home.pid() != pid:
                _say("stopped" if number == signal.SIGTERM else "killed: it did not end when asked to")
                return OK
            time.sleep(0.02)
    _say(f"process {pid} does not end", sys.stderr)
    return FAILED


def _status(home: Home, as_json: bool) -> int:
    pid, status = home.pid(), home.status()
    if as_json:
        import json

        _say(json.dumps({**status, "running": bool(pid), "pid": pid or None}, indent=2))
    elif not pid:
        _say(f"no agent runs in {home.path}" + (f"; the last one {_ending(status)}" if status else ""))
    else:
        for line in _lines(pid, status):
            _say(line)
    return OK if pid else NOT_RUNNING


def _ending(status: dict[str, object]) -> str:
    ended = status.get("ended")
    return f"ended {_ago(ended)}" if isinstance(ended, (int, float)) else "did not end cleanly"


def _lines(pid: int, status: dict[str, object]) -> list[str]:
    sender, spool = status.get("sender"), status.get("spool")
    sender, spool = sender if isinstance(sender, dict) else {}, spool if isinstance(spool, dict) else {}
    collectors = status.get("collectors")
    rows = [row for row in collectors if isinstance(row, dict)] if isinstance(collectors, list) else []
    lines = [f"running as process {pid} since {_ago(status.get('since'))}, last report {_ago(status.get('time'))}"]
    if sender.get("connected"):
        lines.append(f"connected to {status.get('hub')}")
    else:
        lines.append(f"not connected to {status.get('hub')}: {sender.get('error') or 'no answer yet'}")
    lines.append(
        f"keeps {spool.get('batches', 0)} batches that the hub has not got ({spool.get('bytes', 0)} bytes on disk)"
    )
    if spool.get("lost_batches"):
        lines.append(f"has lost {spool['lost_batches']} batches; the hub is told which")
    if spool.get("trouble"):
        lines.append(f"disk: {spool['trouble']}")
    lines += [f"{row['name']} {row['state']}: {row['reason']}" for row in rows if row.get("state") != "running"]
    return lines


def _ago(then: object) -> str:
    if not isinstance(then, (int, float)):
        return "at an unknown time"
    seconds = max(0.0, time.time() - then)
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def _say(text: str, file: TextIO | None = None) -> None:
    (file or sys.stdout).write(text + "\n")
