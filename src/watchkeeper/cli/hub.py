"""`wk hub`: the hub in the foreground, and what is done to its databases."""

from __future__ import annotations

import os
import sys

import click

from watchkeeper.cli import background, local
from watchkeeper.cli.command import Group

START = "from watchkeeper.base import settings; from watchkeeper.hub import app; app.run(settings.load())"


@click.group("hub", cls=Group, examples=(("wk hub run", "serve in the foreground"),))
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
    os.execve(sys.executable, [sys.executable, "-c", START], local.hub_environment(settings))
