"""`wk down`: stops what `wk up` started."""

from __future__ import annotations

from watchkeeper.cli import background, local, local_agent, output
from watchkeeper.cli.command import verb


@verb("down", (("wk down", "stop the agent, then the hub"),))
@local.config_option
def command(config: str) -> None:
    """Stop the agent and the hub of this machine."""
    stopped = []
    # The agent first: what it reports last still finds the hub.
    with output.progress("Stopping the agent") as tell:
        if local_agent.stop(local.load(config)):
            stopped.append("agent")
        tell("Stopping the hub")
        if background.hub().stop():
            stopped.append("hub")
    print(f"Stopped the {' and the '.join(stopped)}." if stopped else "Nothing was running.")
