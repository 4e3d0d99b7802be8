"""`wk hub`: the hub in the foreground, and what is done to its databases."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from watchkeeper.base.errors import ConflictError, NotFoundError, UsageError
from watchkeeper.base.settings import Settings
from watchkeeper.cli import background, backup, figures, local, output
from watchkeeper.cli.command import Group


@click.group(
    "hub",
    cls=Group,
    examples=(("wk hub run", "serve in the foreground"), ("wk hub backup /backup/today", "a copy, while it runs")),
)
def command() -> None:
    """Run the hub, save and restore its data, set a password."""


@command.command(
    "run",
    examples=(
        ("wk hub run", "serve until interrupted"),
        ("WK_HUB_LISTEN=127.0.0.1:9000 wk hub run", "on another port"),
    ),
)
@local.config_option
def run(config: str) -> None:
    """Run the hub in the foreground, until it is interrupted."""
    settings = local.load(config)
    facts = {"url": local.hub_url(settings), "data": settings.text("hub.data"), "ca": settings.text("hub.tls_cert")}
    background.hub().hold(facts)
    os.execve(sys.executable, [sys.executable, "-P", "-m", "watchkeeper.hub"], local.hub_environment(settings))


@command.command("backup", examples=(("wk hub backup /backup/hub-monday", "while the hub runs"),))
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
@local.config_option
@output.json_option
def save(folder: Path, config: str, as_json: bool) -> None:
    """Copy the hub's databases into a new folder."""
    data = Path(local.load(config).text("hub.data"))
    with output.progress(f"Copying {data}"):
        size = backup.save(data, folder)
    if as_json:
        output.print_json({"folder": str(folder.absolute()), "bytes": size})
    else:
        print(f"Copied {figures.figure(float(size), 'B')} to {folder}.")


@command.command("restore", examples=(("wk hub restore /backup/hub-monday", "with the hub stopped"),))
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
@local.config_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(folder: Path, config: str, yes: bool) -> None:
    """Put a backup in the place of the hub's databases.

    The databases of now are moved aside, not deleted. Agents then send again what they still keep; what they no
    longer keep becomes a gap.
    """
    settings = local.load(config)
    data = Path(settings.text("hub.data"))
    with _stopped(settings):
        if not yes and click.prompt(f"This replaces the data in {data}. Type restore to go on", err=True) != "restore":
            raise UsageError("nothing was restored", "type restore, or give --yes")
        with output.progress(f"Restoring {folder}"):
            aside = backup.restore(folder, data)
    print(f"Restored {folder}." + (f" What was there before is in {aside}." if aside else ""))


@command.command(
    "password",
    examples=(("wk hub password", "a new one for admin"), ("wk hub password --user ann", "for somebody else")),
)
@click.option("--user", default="admin", show_default=True, metavar="NAME", help="Whose.")
@local.config_option
@output.json_option
def password(user: str, config: str, as_json: bool) -> None:
    """Set a new random password, with the hub stopped.

    All sessions of that user end; API tokens stay.
    """
    settings = local.load(config)
    with _stopped(settings):
        fresh = _set_password(settings.text("hub.data"), user)
    if as_json:
        output.print_json({"name": user, "password": fresh})
    else:
        print(f"The new password of {user}: {fresh}")


def _set_password(folder: str, name: str) -> str:
    from watchkeeper.hub.identity.first_start import forget_first_login
    from watchkeeper.hub.identity.passwords import hash_password, readable_password
    from watchkeeper.hub.storage.state import StateStore
    from watchkeeper.hub.storage.state_users import StateUsers

    store = StateStore(folder)
    try:
        users = StateUsers(store.engine)
        known = {user.name: user.id for user, _ in users.all()}
        if name not in known:
            raise NotFoundError(f"there is no user {name!r}", f"known: {', '.join(sorted(known)) or 'nobody yet'}")
        fresh = readable_password()
        users.set_password(known[name], hash_password(fresh), keep=b"")
    finally:
        store.close()
    forget_first_login(folder)
    return fresh


@contextmanager
def _stopped(settings: Settings) -> Iterator[None]:
    """Make sure that no hub works in the folder, and that none begins meanwhile."""
    from watchkeeper.hub.app import locked

    running = background.hub().running()
    if running:
        raise ConflictError(f"the hub runs as process {running.pid}", "wk down stops it; wk up starts it again")
    with locked(settings.text("hub.data")):
        yield
