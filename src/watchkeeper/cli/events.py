"""`wk events`: what happened."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from watchkeeper.cli import output
from watchkeeper.cli.command import verb
from watchkeeper.cli.connection import complete_hosts, speaks_to_hub

if TYPE_CHECKING:
    from watchkeeper.client.hub import Hub


@verb(
    "events",
    (
        ("wk events", "all hosts, the last day"),
        ("wk events web-1 --from -7d --limit 20", "one host, the last week"),
    ),
)
@click.argument("names", metavar="[HOST]...", nargs=-1, shell_complete=complete_hosts)
@click.option(
    "--from", "start", default="-1d", show_default=True, metavar="TIME", help="Begin: -1h, -7d or seconds since 1970."
)
@click.option("--to", "end", default="now", show_default=True, metavar="TIME", help="End.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="At most so many.")
@output.json_option
@speaks_to_hub
def command(hub: Hub, *, names: tuple[str, ...], start: str, end: str, limit: int, as_json: bool) -> None:
    """List events of hosts, newest first."""
    hosts = [hub.host(name) for name in names] if names else hub.hosts()
    with output.progress("Asking the hub for events"):
        found = [(host.name, event) for host in hosts for event in hub.events(host.id, start, end, limit)]
    found.sort(key=lambda pair: pair[1].time, reverse=True)
    found = found[:limit]
    if as_json:
        output.print_json({"events": [{"host": name, "event": event} for name, event in found]})
    elif found:
        rows = [
            (
                _local_time(event.time),
                name,
                output.styled(event.severity, output.SEVERITY_STYLES.get(event.severity, "")),
                event.type,
                _words(event.data),
            )
            for name, event in found
        ]
        output.print_table(("TIME", "HOST", "SEVERITY", "EVENT", "DATA"), rows)
    else:
        print("Nothing happened in that time.")


def _local_time(moment: float) -> str:
    shape = "%H:%M:%S" if time.time() - moment < 12 * 3600 else "%Y-%m-%d %H:%M"
    return datetime.fromtimestamp(moment, UTC).astimezone().strftime(shape)


def _words(data: dict[str, Any]) -> str:
    return " ".join(f"{key}={value}" for key, value in data.items())
