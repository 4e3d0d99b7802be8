"""`wk login`: makes an API token and keeps it for the commands that follow."""

from __future__ import annotations

import json
import os
import socket
import sys

import click

from watchkeeper.base.files import write_atomically
from watchkeeper.cli import connection, output, places
from watchkeeper.cli.command import verb


@verb(
    "login",
    (
        ("wk login --hub https://hub.example:8787", "asks for name and password"),
        ("wk login --password-stdin < secret", "from a script"),
    ),
)
@click.option("--hub", "hub_url", metavar="URL", envvar="WK_HUB", default="", help="Address of the hub.")
@click.option("--ca", metavar="FILE", envvar="WK_CA", default="", help="Certificate to check the hub's against.")
@click.option("--user", default="admin", show_default=True, metavar="NAME", help="Who signs in.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def command(hub_url: str, ca: str, user: str, password_stdin: bool) -> None:
    """Sign in to a hub and keep a token for it.

    The token goes to ~/.config/watchkeeper/cli.toml, readable by you alone; the password is not kept.
    """
    target = connection.find(hub_url, "", ca)._replace(token="")
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt(f"Password of {user} at {target.url}", hide_input=True, err=True)
    with output.progress("Signing in"), connection.open_hub(target) as hub:
        hub.sign_in(user, password)
        made = hub.add_token(f"wk on {socket.gethostname()}")
        hub.sign_out()
    keep(target.url, made.token, os.path.abspath(target.ca) if target.ca else "")
    print(f"Signed in to {target.url} as {user}. The token is in {places.login_file()}.")


def keep(url: str, token: str, ca: str) -> None:
    """Write the login file, for its owner alone."""
    path = places.login_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A JSON string is a TOML string as well.
    values = {"hub": url, "token": token, **({"ca": ca} if ca else {})}
    text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
    write_atomically(str(path), text.encode(), 0o600)
