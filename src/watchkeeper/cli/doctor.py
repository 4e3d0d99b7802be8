"""`wk doctor`: looks the set-up over and says what to mend."""

from __future__ import annotations

from typing import Any

import click

from watchkeeper.cli import connection, examine, local, output
from watchkeeper.cli.command import verb

STYLES = {"ok": ("✔", "green"), "note": ("·", "cyan"), "warning": ("▲", "yellow"), "broken": ("✖", "red")}


@verb(
    "doctor",
    (
        ("wk doctor", "look everything over; exit status 1 if something is broken"),
        ("wk doctor --hub https://hub.example:8787", "with a hub elsewhere"),
    ),
)
@local.config_option
@click.option("--hub", "hub_url", metavar="URL", envvar="WK_HUB", default="", help="Address of the hub.")
@click.option("--token", metavar="TOKEN", envvar="WK_TOKEN", default="", help="API token (wkt_…).")
@click.option("--ca", metavar="FILE", envvar="WK_CA", default="", help="Certificate to check the hub's against.")
@output.json_option
def command(config: str, hub_url: str, token: str, ca: str, as_json: bool) -> int:
    """Check the set-up and say what to mend.

    Looks at Python, settings, data folder, disk, processes, certificate, the way to the hub, token, versions, clock and
    spool. The exit status is 1 if something is broken.
    """
    findings: list[examine.Finding] = []
    with output.progress("Looking") as tell:
        for finding in examine.everything(config, connection.find(hub_url, token, ca)):
            tell(finding.subject)
            findings.append(finding)
    broken = any(finding.state == "broken" for finding in findings)
    if as_json:
        output.print_json({"ok": not broken, "findings": [finding._asdict() for finding in findings]})
    else:
        output.print_facts([(finding.subject, _line(finding)) for finding in findings])
        warnings = sum(finding.state == "warning" for finding in findings)
        print(
            "\nSomething is broken."
            if broken
            else f"\nIt works, with {warnings} warnings."
            if warnings
            else "\nAll is well."
        )
    return 1 if broken else 0


def _line(finding: examine.Finding) -> Any:
    mark, style = STYLES[finding.state]
    advice = f" → {finding.advice}" if finding.advice else ""
    return output.styled(f"{mark} {finding.text}", style).append(advice, style="default")
