"""`wk tokens`: API tokens of the user that is signed in."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from watchkeeper.cli import figures, output
from watchkeeper.cli.command import Group
from watchkeeper.cli.connection import speaks_to_hub

if TYPE_CHECKING:
    from watchkeeper.client.hub import Hub

DAY = 86400.0


@click.group("tokens", cls=Group, examples=(("wk tokens list", "who can speak in your name"),))
def command() -> None:
    """List, add and remove API tokens."""


@command.command("list", examples=(("wk tokens list", "names, ages and last use"),))
@output.json_option
@speaks_to_hub
def list_tokens(hub: Hub, as_json: bool) -> None:
    """List the tokens; their secrets are not kept anywhere."""
    tokens, now = hub.tokens(), time.time()
    if as_json:
        output.print_json({"tokens": tokens})
        return
    rows = [
        (
            token.id,
            token.name,
            figures.ago(token.created, now),
            figures.ago(token.last_used, now),
            f"in {figures.duration(token.expires - now)}" if token.expires else "never",
        )
        for token in tokens
    ]
    output.print_table(("ID", "NAME", "MADE", "LAST USED", "EXPIRES"), rows)


@command.command("add", examples=(("wk tokens add backup-script --days 90", "prints the token, once"),))
@click.argument("name", metavar="NAME")
@click.option(
    "--days", type=click.FloatRange(0, min_open=True), default=None, help="Days until it expires (default: never)."
)
@output.json_option
@speaks_to_hub
def add(hub: Hub, name: str, days: float | None, as_json: bool) -> None:
    """Make a token and print it, this once."""
    made = hub.add_token(name, None if days is None else time.time() + days * DAY)
    if as_json:
        output.print_json(made)
    else:
        print(made.token)


@command.command("remove", examples=(("wk tokens remove 4x7k", "it stops working at once"),))
@click.argument("token_id", metavar="ID")
@speaks_to_hub
def remove(hub: Hub, token_id: str) -> None:
    """Remove a token; it stops working at once."""
    hub.remove_token(token_id)
    print(f"Token {token_id} is removed.")
