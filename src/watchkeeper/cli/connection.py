"""Which hub `wk` speaks to, and with which token."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from watchkeeper.base import toml
from watchkeeper.base.errors import UnavailableError
from watchkeeper.cli import background, places

if TYPE_CHECKING:
    from watchkeeper.client.hub import Hub

DEFAULT_URL = "http://127.0.0.1:8787"


class Target(NamedTuple):
    """A hub's address, the token for it, the certificate file to check it against, and where all this comes from."""

    url: str
    token: str
    ca: str
    source: str


def find(hub: str = "", token: str = "", ca: str = "") -> Target:
    """The hub that was named, else that of `wk login`, else this machine's own.

    A token that is kept for one address is never sent to another.
    """
    known = [target for target in (_logged_in(), _local()) if target]
    if not hub:
        found = known[0] if known else Target(DEFAULT_URL, "", "", "default")
        return found._replace(token=token or found.token, ca=ca or found.ca)
    url = hub.rstrip("/") if "://" in hub else f"http://{hub.rstrip('/')}"
    same = next((target for target in known if target.url == url), Target(url, "", "", ""))
    return Target(url, token or same.token, ca or same.ca, "--hub or WK_HUB")


def _logged_in() -> Target | None:
    path = places.login_file()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    kept = toml.parse(text, str(path))
    return Target(str(kept.get("hub", "")), str(kept.get("token", "")), str(kept.get("ca", "")), str(path))


def _local() -> Target | None:
    record = background.hub().last()
    if record is None:
        return None
    try:
        token = Path(record.facts["data"], "local-token").read_text(encoding="utf-8").strip()
    except OSError:
        token = ""
    return Target(record.facts["url"], token, record.facts.get("ca", ""), f"the hub of {places.data_folder()}")


def open_hub(target: Target, timeout: float = 30.0) -> Hub:
    """A client of `target`; nothing is sent yet."""
    from watchkeeper.client.hub import Hub

    try:
        return Hub(target.url, target.token, target.ca, timeout)
    except OSError as error:
        raise UnavailableError(
            f"the certificate file {target.ca} cannot be read: {error}", "name another with --ca"
        ) from error


def speaks_to_hub(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options --hub, --token and --ca, and hand it an open `Hub` as its first argument."""

    @click.option("--hub", "hub_url", metavar="URL", envvar="WK_HUB", default="", help="Address of the hub.")
    @click.option("--token", metavar="TOKEN", envvar="WK_TOKEN", default="", help="API token (wkt_…).")
    @click.option("--ca", metavar="FILE", envvar="WK_CA", default="", help="Certificate to check the hub's against.")
    @functools.wraps(function)
    def with_hub(*args: Any, hub_url: str, token: str, ca: str, **kwargs: Any) -> Any:
        with open_hub(find(hub_url, token, ca)) as hub:
            return function(hub, *args, **kwargs)

    return with_hub


def complete_hosts(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names of hosts for the shell's completion; none if the hub does not answer quickly."""
    from watchkeeper.base.errors import WatchkeeperError

    given = ctx.params
    try:
        with open_hub(find(given.get("hub_url") or "", given.get("token") or "", given.get("ca") or ""), 2.0) as hub:
            return [host.name for host in hub.hosts() if host.name.startswith(incomplete)]
    except WatchkeeperError:
        return []
