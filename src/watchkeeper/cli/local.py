"""Settings of what runs on this machine, every folder filled in."""

from __future__ import annotations

import os
from pathlib import Path

import click

from watchkeeper.base import settings as base_settings
from watchkeeper.base.settings import Settings
from watchkeeper.cli import places

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
    host, _, port = settings.text("hub.listen").rpartition(":")
    host = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    return f"{'https' if settings.text('hub.tls_cert') else 'http'}://{host}:{port}"


def agent_token_file(settings: Settings) -> Path:
    """Where `wk up` keeps the token of this machine's agent."""
    return Path(settings.text("agent.data")) / "token"


def hub_environment(settings: Settings) -> dict[str, str]:
    """The environment in which the hub's process finds these settings."""
    return _environment(settings, {"WK_HUB_DATA": settings.text("hub.data")})


def agent_environment(settings: Settings) -> dict[str, str]:
    """The environment in which the agent's process finds these settings."""
    changes = {"WK_AGENT_DATA": settings.text("agent.data")}
    kept = agent_token_file(settings)
    if not settings.text("agent.token") and not settings.text("agent.token_file") and kept.exists():
        changes["WK_AGENT_TOKEN_FILE"] = str(kept)
    return _environment(settings, changes)


def _environment(settings: Settings, changes: dict[str, str]) -> dict[str, str]:
    config = {"WK_CONFIG": str(Path(settings.path).absolute())} if settings.path else {}
    return {**os.environ, **config, **changes}
