"""Settings of what runs on this machine, every folder filled in."""

from __future__ import annotations

import os
from pathlib import Path

import click

from watchkeeper.base import settings as base_settings
from watchkeeper.base.errors import SettingsError
from watchkeeper.base.settings import Settings
from watchkeeper.cli import background, places

config_option = click.option(
    "--config",
    metavar="FILE",
    envvar="WK_CONFIG",
    default="",
    help="Settings file (default: watchkeeper.toml in the data folder).",
)


def load(config: str = "") -> Settings:
    """The settings, with the hub's and the agent's folder below the data folder unless they are set."""
    settings = base_settings.load(config or os.environ.get("WK_CONFIG", "") or places.settings_file())
    folder = places.data_folder()
    unset: dict[str, object] = {
        f"{role}.data": str(folder / role) for role in ("hub", "agent") if not settings.text(f"{role}.data")
    }
    return settings.with_values(unset)


def hub_url(settings: Settings) -> str:
    """The address at which the hub of these settings is reached from this machine."""
    listen = settings.text("hub.listen")
    host, _, port = listen.rpartition(":")
    if not port.isdigit():
        raise SettingsError(f"hub.listen is {listen!r}, which is no address with a port", "such as 127.0.0.1:8787")
    host = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    return f"{'https' if settings.text('hub.tls_cert') else 'http'}://{host}:{port}"


def agent_token_file(settings: Settings) -> Path:
    """Where a new hub leaves the token of its own machine's agent."""
    return Path(settings.text("hub.data")) / "local-agent-token"


def first_login(settings: Settings) -> str:
    """The first admin's password, for as long as nobody has signed in with it; else ""."""
    try:
        text = Path(settings.text("hub.data"), "first-login").read_text(encoding="utf-8")
    except OSError:
        return ""
    return text.partition("password: ")[2].strip()


def hub_environment(settings: Settings) -> dict[str, str]:
    """The environment in which the hub's process finds these settings."""
    return _environment(settings, {"WK_HUB_DATA": settings.text("hub.data")})


def agent_environment(settings: Settings) -> dict[str, str]:
    """The environment in which the agent's process finds these settings, and the hub here unless they name another."""
    # One heap for all threads: the C library would open one for each, at the cost of megabytes.
    changes = {"WK_AGENT_DATA": settings.text("agent.data"), "MALLOC_ARENA_MAX": "1"}
    hub = background.hub().last()
    if settings.source("agent.hub") == "default" and hub:
        changes["WK_AGENT_HUB"] = hub.facts["url"]
        if hub.facts.get("ca") and not settings.text("agent.ca"):
            changes["WK_AGENT_CA"] = hub.facts["ca"]
    kept = agent_token_file(settings)
    if not settings.text("agent.token") and not settings.text("agent.token_file") and kept.exists():
        changes["WK_AGENT_TOKEN_FILE"] = str(kept)
    return _environment(settings, changes)


def reports_here(settings: Settings, url: str) -> bool:
    """Whether this machine's agent reports to the hub at `url`, rather than to one that its settings name."""
    return settings.source("agent.hub") == "default" or settings.text("agent.hub").rstrip("/") == url


def _environment(settings: Settings, changes: dict[str, str]) -> dict[str, str]:
    config = {"WK_CONFIG": str(Path(settings.path).absolute())} if settings.path else {}
    return {**os.environ, **config, **changes}
