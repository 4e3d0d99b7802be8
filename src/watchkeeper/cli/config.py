"""`wk config`: the settings in effect."""

from __future__ import annotations

import click

from watchkeeper.base.options import OPTIONS
from watchkeeper.cli import local, output
from watchkeeper.cli.command import Group

SECRET = "agent.token"  # noqa: S105


@click.group("config", cls=Group, examples=(("wk config show", "every setting and where it comes from"),))
def command() -> None:
    """Show the settings of this machine."""


@command.command(
    "show",
    examples=(("wk config show", "effective settings"), ("wk config show --changed", "those that are not the default")),
)
@local.config_option
@click.option("--changed", is_flag=True, help="Only settings that somebody set.")
@output.json_option
def show(config: str, changed: bool, as_json: bool) -> None:
    """Show the effective settings and where each comes from."""
    settings = local.load(config)
    found = []
    for option in OPTIONS:
        source = settings.source(option.name)
        # The data folder fills in what nobody set.
        source = "default" if source == "command line" else source
        if changed and source == "default":
            continue
        hidden = option.name == SECRET and settings[option.name]
        found.append((option, "(secret)" if hidden else settings[option.name], source))
    if as_json:
        output.print_json({option.name: {"value": value, "source": source} for option, value, source in found})
        return
    rows = [(option.name, _text(value), source, option.help) for option, value, source in found]
    output.print_table(("SETTING", "VALUE", "FROM", "MEANING"), rows)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return ", ".join(f"{key}={item}" for key, item in value.items()) or "–"
    return str(value) or "–"
