"""Starts what is not running on this machine, and waits until it does what it is there for."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from watchkeeper.base.errors import ConflictError, NotFoundError, UnavailableError
from watchkeeper.base.files import write_atomically
from watchkeeper.base.settings import Settings
from watchkeeper.cli import background, connection, local, local_agent

if TYPE_CHECKING:
    from watchkeeper.client.hub import Hub

PATIENCE = 60.0
FIRST_PASSWORD = re.compile(r"password\W+(\S+)", re.IGNORECASE)


def start_hub(settings: Settings) -> str:
    """Start the hub if it does not run; returns the first admin's password if it made one, else ""."""
    process = background.hub()
    if process.running():
        return ""
    url = local.hub_url(settings)
    _refuse_taken_port(settings)
    started = process.start(["hub", "run"], local.hub_environment(settings))
    with connection.open_hub(connection.Target(url, "", settings.text("hub.tls_cert"), ""), 5.0) as hub:
        _wait(lambda: started.lives() and hub.healthy(), f"the hub did not answer at {url}", process.log)
    found = FIRST_PASSWORD.search(started.output())
    return found.group(1) if found else ""


def introduce(hub: Hub, settings: Settings) -> str:
    """Make this machine known to its own hub, with a token for its agent, unless it has one; returns its host id."""
    kept = local.agent_token_file(settings)
    identity = kept.with_name("host")
    if kept.exists() and identity.exists():
        host_id = identity.read_text(encoding="utf-8").strip()
        if any(host.id == host_id for host in hub.hosts()):
            return host_id
    name = socket.gethostname()
    try:
        added = hub.add_host(name, {key: str(value) for key, value in settings.table("agent.tags").items()})
    except ConflictError as error:
        raise ConflictError(
            f"the hub knows a host {name!r}, but its token is not in {kept}",
            f"wk hosts remove {name} forgets it with its data; or put the token back",
        ) from error
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(str(kept), (added.token + "\n").encode())
    write_atomically(str(identity), (added.host.id + "\n").encode())
    return added.host.id


def wait_for_report(hub: Hub, settings: Settings, host_id: str, since: float) -> None:
    """Wait until the hub has a report of the host that it received after `since` (Unix time)."""

    def reported() -> bool:
        host = next((host for host in hub.hosts() if host.id == host_id), None)
        if host is None:
            raise NotFoundError(f"the hub no longer knows host {host_id}", "run wk up again")
        return (host.last_seen or 0.0) >= since or host.status == "online"

    _wait(reported, "no report of this machine's agent came in", local_agent.log_file(settings))


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
            free = int(port) + 1
            raise ConflictError(
                f"the hub cannot listen on {settings.text('hub.listen')}: {error.strerror}",
                f"another port: WK_HUB_LISTEN={host}:{free} wk up",
            ) from error
