"""`wk query`: series of a host as a chart, a table or JSON."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import click

from watchkeeper.base.errors import NotFoundError, UsageError
from watchkeeper.cli import chart, output
from watchkeeper.cli.command import verb
from watchkeeper.cli.connection import complete_hosts, speaks_to_hub

if TYPE_CHECKING:
    from watchkeeper.client.hub import Hub
    from watchkeeper.client.model import Host

NARROWEST = 40


@verb(
    "query",
    (
        ("wk query cpu.percent", "a chart of the last hour"),
        ("wk query memory.used swap.used --host db-1 --from -7d", "two series of one host, a week"),
        ("wk query 'disk.percent{mount=/}' --table", "rows instead of a chart"),
    ),
)
@click.argument("series", nargs=-1, required=True, metavar="SERIES...")
@click.option(
    "--host",
    "name",
    default="",
    metavar="HOST",
    shell_complete=complete_hosts,
    help="Which host (not needed if there is one).",
)
@click.option(
    "--from", "start", default="-1h", show_default=True, metavar="TIME", help="Begin: -1h, -7d or seconds since 1970."
)
@click.option("--to", "end", default="now", show_default=True, metavar="TIME", help="End.")
@click.option(
    "--points", type=click.IntRange(1, 5000), default=None, help="At most so many steps (default: what fits)."
)
@click.option("--rate", is_flag=True, help="Change per second, for counters.")
@click.option("--table", "as_table", is_flag=True, help="Print rows instead of a chart.")
@output.json_option
@speaks_to_hub
def command(
    hub: Hub,
    *,
    series: tuple[str, ...],
    name: str,
    start: str,
    end: str,
    points: int | None,
    rate: bool,
    as_table: bool,
    as_json: bool,
) -> None:
    """Draw a chart of a host's series.

    SERIES is a metric, which means all of its series, or a full name such as disk.percent{mount=/}.
    """
    width, height = shutil.get_terminal_size((80, 24))
    width = max(NARROWEST, width)
    fitting = 500 if as_json or as_table else chart.points_across(width)
    host = choose(hub, name)
    with output.progress("Asking the hub"):
        found = hub.query(host.id, series, start, end, points=points or fitting, rate=rate)
    if as_json:
        output.print_json({"host": {"id": host.id, "name": host.name}, "range": found})
    elif as_table:
        chart.print_rows(found, rate)
    else:
        sys.stdout.write(chart.draw(found, host.name, width, height, rate=rate, colours=chart.wants_colours()))


def choose(hub: Hub, name: str) -> Host:
    """The host that was named, or the only one that there is."""
    if name:
        return hub.host(name)
    hosts = hub.hosts()
    if not hosts:
        raise NotFoundError("this hub has no hosts yet", "wk hosts add NAME makes a token for a machine's agent")
    if len(hosts) > 1:
        some = ", ".join(sorted(host.name for host in hosts)[:5])
        raise UsageError(
            f"there are {len(hosts)} hosts", f"name one with --host: {some}{' …' if len(hosts) > 5 else ''}"
        )
    return hosts[0]
