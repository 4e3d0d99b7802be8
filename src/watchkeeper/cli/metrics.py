"""`wk metrics`: what can be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from watchkeeper.cli import output
from watchkeeper.cli.command import verb
from watchkeeper.cli.connection import complete_hosts, speaks_to_hub

if TYPE_CHECKING:
    from watchkeeper.client.hub import Hub


@verb("metrics", (("wk metrics", "the catalogue"), ("wk metrics web-1", "the series that this host really has")))
@click.argument("name", metavar="[HOST]", required=False, shell_complete=complete_hosts)
@output.json_option
@speaks_to_hub
def command(hub: Hub, name: str | None, as_json: bool) -> None:
    """List all metrics, or the series of one host."""
    if name:
        series = hub.series(hub.host(name).id)
        if as_json:
            output.print_json({"series": series})
        else:
            output.print_table(
                ("SERIES", "UNIT", "KIND", "MEANING"), [(s.name, s.unit, s.kind, s.help) for s in series]
            )
        return
    metrics = hub.metrics()
    if as_json:
        output.print_json({"metrics": metrics})
    else:
        rows = [(metric.name, metric.unit, ",".join(metric.labels), metric.help) for metric in metrics]
        output.print_table(("METRIC", "UNIT", "LABELS", "MEANING"), rows)
