"""`wk agent`: this machine's agent, in the foreground or in the background."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import click

from watchkeeper.cli import local, local_agent, output
from watchkeeper.cli.command import Group


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
    local_agent.compile_code()
    _become(config, "run")


@command.command("start", examples=(("wk agent start", "report in the background"),))
@local.config_option
def start(config: str) -> None:
    """Start the agent in the background."""
    with output.progress("Starting the agent"):
        pid = local_agent.start(local.load(config))
    print(f"The agent runs as process {pid}.")


@command.command("stop", examples=(("wk agent stop", "end it; its spool stays"),))
@local.config_option
def stop(config: str) -> None:
    """Stop the agent; what it keeps stays on disk."""
    with output.progress("Stopping the agent"):
        stopped = local_agent.stop(local.load(config))
    print("The agent is stopped." if stopped else "No agent was running.")


@command.command("status", examples=(("wk agent status", "exit status 3 when it does not run"),))
@local.config_option
@output.json_option
def status(config: str, as_json: bool) -> None:
    """Tell whether the agent runs, and what waits in its spool."""
    _become(config, "status", *(["--json"] if as_json else []))


def _become(config: str, *words: str) -> NoReturn:
    """Hand this process over to the agent's own command line."""
    sys.stdout.flush()
    os.execve(sys.executable, local_agent.command_line(*words), local.agent_environment(local.load(config)))
