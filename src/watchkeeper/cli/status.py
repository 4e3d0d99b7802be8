"""`wk status`: what runs on this machine, and what the hub says of itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from watchkeeper.base.errors import WatchkeeperError
from watchkeeper.cli import background, connection, figures, output, places
from watchkeeper.cli.command import verb

if TYPE_CHECKING:
    from watchkeeper.client.model import HubState

NOT_RUNNING = 3


@verb(
    "status",
    (("wk status", "who runs, since when, and how the hub is"), ("wk status --json", "the same for a program")),
)
@output.json_option
def command(as_json: bool) -> int:
    """Tell whether the hub and the agent of this machine run; exit status 3 when the hub does not."""
    running = {process.name: process.running() for process in (background.hub(), background.agent())}
    state, trouble = _state() if running["hub"] else (None, "")
    if as_json:
        processes = {
            name: {"pid": record.pid, "started": record.started} if record else None for name, record in running.items()
        }
        output.print_json({**processes, "data": str(places.data_folder()), "state": state})
    else:
        facts: list[tuple[str, Any]] = [(name, _running_text(record)) for name, record in running.items()]
        facts.append(("data", places.data_folder()))
        output.print_facts(facts + _hub_facts(state))
        if trouble:
            print(trouble)
    return 0 if running["hub"] else NOT_RUNNING


def _state() -> tuple[HubState | None, str]:
    running = background.hub().running()
    try:
        with connection.open_hub(connection.find(running.facts["url"] if running else ""), 5.0) as hub:
            return hub.state(), ""
    except WatchkeeperError as error:
        return None, f"{error.message}\n    {error.hint}"


def _running_text(record: background.Record | None) -> Any:
    if record is None:
        return output.styled("○ not running", "bright_black")
    where = f" at {record.facts['url']}" if "url" in record.facts else ""
    since = figures.duration(time.time() - record.started)
    return output.styled(f"● running{where}, process {record.pid}, for {since}", "green")


def _hub_facts(state: HubState | None) -> list[tuple[str, Any]]:
    if state is None:
        return []
    facts: list[tuple[str, Any]] = [
        ("hosts", f"{state.hosts} with {state.series} series"),
        ("ingest", f"{figures.figure(state.ingest.get('samples_per_second'))} samples/s"),
        ("on disk", figures.figure(state.storage.get("bytes"), "B")),
    ]
    for notice in state.notices:
        style = output.SEVERITY_STYLES.get(notice.severity, "")
        facts.append((notice.severity, output.styled(f"{notice.text} {notice.hint}".strip(), style)))
    return facts
