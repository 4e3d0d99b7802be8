"""`wk top`: the fleet, or one host, live on the whole screen."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from watchkeeper.base.errors import UsageError
from watchkeeper.cli import output
from watchkeeper.cli.command import verb
from watchkeeper.cli.connection import complete_hosts, speaks_to_hub

if TYPE_CHECKING:
    from watchkeeper.client.hub import Hub


@verb(
    "top",
    (
        ("wk top", "all hosts; q quits, c m d l n sort, arrows scroll"),
        ("wk top web-1", "one host with its processes"),
        ("wk top --json", "events as they come, one JSON a line"),
    ),
)
@click.argument("name", metavar="[HOST]", required=False, shell_complete=complete_hosts)
@output.json_option
@speaks_to_hub
def command(hub: Hub, name: str | None, as_json: bool) -> None:
    """Watch all hosts, or one and its processes, live."""
    host = hub.host(name) if name else None
    if as_json:
        import msgspec

        for event in hub.live(host.id if host else ""):
            output.print_json_line({"event": event.name, "data": msgspec.Raw(event.data)})
        return
    if not sys.stdout.isatty():
        raise UsageError("wk top needs a terminal", "wk hosts list prints once; --json prints events as they come")
    from watchkeeper.cli import screen

    screen.watch(hub, host)
