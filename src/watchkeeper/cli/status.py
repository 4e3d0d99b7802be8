"""`wk status`: what runs on this machine, and what the hub says of itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from watchkeeper.base.errors import WatchkeeperError
from watchkeeper.cli import background, connection, figures, local, local_agent, output, places
from watchkeeper.cli.command import verb

if TYPE_CHECKING:
    from watchkeeper.client.model import HubState

NOT_RUNNING = 3


@verb(
    "status",
    (("wk status", "who runs, since when, and how the hub is"), ("wk status --json", "the same for a program")),
)
@local.config_option
@output.json_option
def command(config: str, as_json: bool) -> int:
    """Tell whether hub and agent run here, and how they are.

    The exit status is 3 when the hub does not run.
    """
    running, agent = background.hub().running(), local_agent.status(local.load(config))
    state, trouble = _state(running.facts["url"]) if running else (None, "")
    if as_json:
        hub = {"pid": running.pid, "started": running.started, **running.facts, "state": state} if running else None
        output.print_json({"hub": hub, "agent": agent, "data": str(places.data_folder())})
        return 0 if running else NOT_RUNNING
    facts: list[tuple[str, Any]] = [
        ("hub", _text(running.facts["url"], running.pid, running.started) if running else _nothing()),
        ("agent", _text(str(agent.get("hub", "")), agent["pid"], agent.get("since")) if agent["pid"] else _nothing()),
        ("data", places.data_folder()),
    ]
    output.print_facts(facts + _hub_facts(state))
    if trouble:
        print(trouble)
    return 0 if running else NOT_RUNNING


def _state(url: str) -> tuple[HubState | None, str]:
    try:
        with connection.open_hub(connection.find(url), 5.0) as hub:
            return hub.state(), ""
    except WatchkeeperError as error:
        return None, f"{error.message}\n    {error.hint}"


def _nothing() -> Any:
    return output.styled("○ not running", "bright_black")


def _text(where: str, pid: int, since: float | None) -> Any:
    age = f", for {figures.duration(time.time() - since)}" if since else ""
    return output.styled(f"● running, {where}, process {pid}{age}", "green")


def _hub_facts(state: HubState | None) -> list[tuple[str, Any]]:
    if state is None:
        return []
    facts: list[tuple[str, Any]] = [
        ("hosts", f"{figures.figure(state.hosts)} with {figures.figure(state.series)} series"),
        ("ingest", f"{figures.figure(state.ingest.get('samples_per_second'))} samples/s"),
        ("on disk", figures.figure(state.storage.get("bytes"), "B")),
    ]
    for notice in state.notices:
        style = output.SEVERITY_STYLES.get(notice.severity, "")
        facts.append((notice.severity, output.styled(f"{notice.text} {notice.hint}".strip(), style)))
    return facts
