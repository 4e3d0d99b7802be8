"""Starts the hub of this machine, and waits until hub and agent do what they are there for."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from watchkeeper.base.errors import ConflictError, UnavailableError
from watchkeeper.base.settings import Settings
from watchkeeper.cli import background, connection, local, local_agent

if TYPE_CHECKING:
    from watchkeeper.client.hub import Hub

PATIENCE = 60.0


def start_hub(settings: Settings) -> None:
    """Start the hub if it does not run, and wait until it answers."""
    process = background.hub()
    running, started = process.running(), None
    url = running.facts["url"] if running else local.hub_url(settings)
    if running is None:
        _refuse_taken_port(settings)
        started = process.start(["hub", "run"], local.hub_environment(settings))
    with connection.open_hub(connection.Target(url, "", settings.text("hub.tls_cert"), ""), 5.0) as hub:
        _wait(
            lambda: (started is None or started.lives()) and hub.healthy(),
            f"the hub did not answer at {url}",
            process.log,
        )


def wait_for_report(hub: Hub, settings: Settings, since: float) -> None:
    """Wait until the hub has a report that was taken after `since` (Unix time)."""
    try:
        _wait(
            lambda: any((host.last_report or 0.0) >= since for host in hub.hosts()),
            "no report of this machine's agent came in",
            local_agent.log_file(settings),
        )
    except UnavailableError as error:
        trouble = (local_agent.status(settings).get("sender") or {}).get("error")
        raise UnavailableError(f"{error.message}: {trouble}" if trouble else error.message, error.hint) from None


def _wait(done: Callable[[], object], otherwise: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise UnavailableError(f"{otherwise} within {PATIENCE:.0f} s", f"its log tells why: {log}")
        time.sleep(0.05)


def _refuse_taken_port(settings: Settings) -> None:
    host, _, port = settings.text("hub.listen").rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except OSError as error:
            raise ConflictError(
                f"the hub cannot listen on {settings.text('hub.listen')}: {error.strerror}",
                f"another port: WK_HUB_LISTEN={host}:{int(port) + 1} wk up",
            ) from error
