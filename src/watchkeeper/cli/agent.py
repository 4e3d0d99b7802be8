"""`wk agent`: this machine's agent, in the foreground or in the background."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

import watchkeeper
from watchkeeper.cli import background, figures, local, output, starting
from watchkeeper.cli.command import Group

NOT_RUNNING = 3
# Isolated and without `site`, the interpreter leaves out what an agent of a few megabytes cannot afford.
START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from watchkeeper.agent.__main__ import main; main()"


@click.group(
    "agent",
    cls=Group,
    examples=(("wk agent run", "report from here, in the foreground"), ("wk agent status", "does it run?")),
)
def command() -> None:
    """Run, start or stop this machine's agent."""


@command.command(
    "run", examples=(("WK_AGENT_HUB=http://hub:8787 WK_AGENT_TOKEN=wka_… wk agent run", "report to a hub elsewhere"),)
)
@local.config_option
def run(config: str) -> None:
    """Run the agent in the foreground, until it is interrupted."""
    settings = local.load(config)
    background.agent().hold({"hub": settings.text("agent.hub"), "data": settings.text("agent.data")})
    source = str(Path(watchkeeper.__file__).parents[1])
    os.execve(sys.executable, [sys.executable, "-I", "-S", "-c", START, source], local.agent_environment(settings))


@command.command("start", examples=(("wk agent start", "report in the background"),))
@local.config_option
def start(config: str) -> None:
    """Start the agent in the background."""
    settings = local.load(config)
    starting.start_agent(settings)
    running = background.agent().running()
    print(f"The agent runs as process {running.pid}." if running else f"The agent ended: {background.agent().log}")


@command.command("stop", examples=(("wk agent stop", "end it; its spool stays"),))
def stop() -> None:
    """Stop the agent that runs in the background."""
    print("The agent is stopped." if background.agent().stop() else "No agent was running.")


@command.command("status", examples=(("wk agent status", "exit status 3 when it does not run"),))
@output.json_option
def status(as_json: bool) -> int:
    """Tell whether the agent runs and what waits in its spool."""
    running = background.agent().running()
    last = running or background.agent().last()
    spool = _spool_bytes(Path(last.facts["data"])) if last else 0
    if as_json:
        output.print_json(
            {"running": running is not None, "pid": running.pid if running else None, "spool_bytes": spool}
        )
    elif running:
        output.print_facts(
            [
                ("agent", f"process {running.pid}, for {figures.duration(time.time() - running.started)}"),
                ("reports to", running.facts["hub"]),
                ("data", running.facts["data"]),
                ("on disk", figures.figure(float(spool), "B")),
            ]
        )
    else:
        print("The agent does not run. wk agent start starts it.")
    return 0 if running else NOT_RUNNING


def _spool_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
