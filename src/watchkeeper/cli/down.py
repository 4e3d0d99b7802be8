"""`wk down`: stops what `wk up` started."""

from __future__ import annotations

from watchkeeper.cli import background, output
from watchkeeper.cli.command import verb


@verb("down", (("wk down", "stop the agent, then the hub"),))
def command() -> None:
    """Stop the agent and the hub of this machine."""
    stopped = []
    # The agent first: what it reports last still finds the hub.
    for process in (background.agent(), background.hub()):
        with output.progress(f"Stopping the {process.name}"):
            if process.stop():
                stopped.append(process.name)
    print(f"Stopped the {' and the '.join(stopped)}." if stopped else "Nothing was running.")
