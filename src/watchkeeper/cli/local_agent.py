"""This machine's agent, through the agent's own command line, which knows who runs in its folder."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import watchkeeper
from watchkeeper.base.errors import WatchkeeperError
from watchkeeper.base.settings import Settings
from watchkeeper.cli import local

# Isolated and without `site`, the interpreter leaves out what an agent of a few megabytes cannot afford.
START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from watchkeeper.agent.commands import main; "
    "sys.exit(main(sys.argv[1:]))"
)
PACKAGE = Path(watchkeeper.__file__).parent
PATIENCE = 15.0
TIMEOUT = 30.0


def command_line(*words: str) -> list[str]:
    """The command that runs the agent's own command line with `words`."""
    return [sys.executable, "-I", "-S", "-c", START, str(PACKAGE.parent), *words]


def compile_code() -> None:
    """Leave the agent's code compiled where its folder can be written: compiling takes memory that stays taken."""
    import compileall

    for part in ("base", "wire", "uplink", "agent"):
        compileall.compile_dir(PACKAGE / part, quiet=2)


def log_file(settings: Settings) -> Path:
    """Where an agent in the background writes its log."""
    return Path(settings.text("agent.data")) / "agent.log"


def status(settings: Settings) -> dict[str, Any]:
    """What the agent tells of itself: `running`, `pid`, `since`, `hub`, `sender`, `spool`, `collectors`."""
    done = _run(settings, "status", "--json")
    try:
        return dict(json.loads(done.stdout))
    except ValueError:
        raise WatchkeeperError(
            f"the agent cannot tell its status: {done.stderr.strip()}", "wk doctor looks closer"
        ) from None


def start(settings: Settings) -> int:
    """Start the agent in the background if it does not run; gives its process id."""
    running = status(settings)["pid"]
    if running:
        return int(running)
    compile_code()
    log = log_file(settings)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        begin = file.tell()
        process = subprocess.Popen(
            command_line("run"),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env=local.agent_environment(settings),
            start_new_session=True,
        )
    deadline = time.monotonic() + PATIENCE
    while status(settings)["pid"] != process.pid:
        if process.poll() is not None or time.monotonic() > deadline:
            told = log.read_bytes()[begin:].decode(errors="replace").strip()
            raise WatchkeeperError(
                f"the agent did not start: {told.splitlines()[-1] if told else 'it said nothing'}", f"its log: {log}"
            )
        time.sleep(0.05)
    return process.pid


def stop(settings: Settings) -> bool:
    """End the agent; false if none ran."""
    if not status(settings)["pid"]:
        return False
    done = _run(settings, "stop")
    if done.returncode:
        raise WatchkeeperError(
            f"the agent does not stop: {(done.stderr or done.stdout).strip()}", "wk agent status tells more"
        )
    return True


def _run(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command_line(*words),
        env=local.agent_environment(settings),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
