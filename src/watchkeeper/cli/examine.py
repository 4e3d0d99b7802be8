"""The single checks of `wk doctor`."""

from __future__ import annotations

import os
import platform
import shutil
import ssl
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from watchkeeper import __version__
from watchkeeper.base.errors import SettingsError, UnavailableError, WatchkeeperError
from watchkeeper.cli import background, connection, figures, local, local_agent, places
from watchkeeper.cli.connection import Target

if TYPE_CHECKING:
    from watchkeeper.base.settings import Settings
    from watchkeeper.client.hub import Hub

LITTLE_SPACE = 1 << 30
NO_SPACE = 64 << 20
SKEW = 2.0
SPOOL_AGE = 600.0
SOON = 14 * 86400.0


class Finding(NamedTuple):
    """What one check found: `state` is ok, note, warning or broken; `advice` says what to do."""

    subject: str
    state: str
    text: str
    advice: str = ""


def everything(config: str, target: Target) -> Iterator[Finding]:
    """All checks, the cheap ones first; a check that rests on a broken one is left out."""
    yield Finding("python", "ok", f"{platform.python_version()} at {sys.executable}")
    try:
        settings = local.load(config)
    except SettingsError as error:
        yield Finding("settings", "broken", error.message, error.hint)
        return
    yield Finding("settings", "ok", settings.path or "no file: all defaults")
    folder = places.data_folder()
    yield from _folder(folder)
    yield from _processes(settings)
    yield from certificate(target.ca)
    yield from _hub(target, settings)


def _folder(folder: Path) -> Iterator[Finding]:
    place = folder
    while not place.exists():
        place = place.parent
    if not os.access(place, os.W_OK | os.X_OK):
        yield Finding("data folder", "broken", f"{folder} cannot be written", f"chown {place}, or set WK_DATA")
        return
    yield Finding("data folder", "ok", str(folder))
    free = shutil.disk_usage(place).free
    text = f"{figures.figure(float(free), 'B')} free"
    if free < NO_SPACE:
        yield Finding("disk", "broken", text, f"make room where {place} lies; agents keep their data meanwhile")
    elif free < LITTLE_SPACE:
        yield Finding("disk", "warning", text, "make room, or keep less: hub.retention.* in docs/configuration.md")
    else:
        yield Finding("disk", "ok", text)


def _processes(settings: Settings) -> Iterator[Finding]:
    hub = background.hub().running()
    if hub:
        yield Finding("hub here", "ok", f"runs as process {hub.pid}, for {figures.duration(time.time() - hub.started)}")
    else:
        yield Finding("hub here", "note", "does not run in this data folder", "wk up starts it")
    agent = local_agent.status(settings)
    if not agent["pid"]:
        yield Finding("agent here", "note", "does not run in this data folder", "wk agent start starts it")
        return
    sender = agent.get("sender") or {}
    runs = f"runs as process {agent['pid']}"
    if sender.get("connected"):
        yield Finding("agent here", "ok", f"{runs}, connected to {agent.get('hub')}")
    else:
        trouble = sender.get("error") or "no answer yet"
        yield Finding(
            "agent here",
            "warning",
            f"{runs}, not connected to {agent.get('hub')}: {trouble}",
            "it keeps its data and tries on",
        )
    for item in agent.get("collectors") or ():
        if item.get("state") == "failing":
            yield Finding("collector", "warning", f"{item['name']} fails: {item.get('reason', '')}")


def certificate(path: str) -> Iterator[Finding]:
    """Whether the certificate file can be read and how long it is good for; nothing without a file."""
    if not path:
        return
    try:
        context = ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        yield Finding("certificate", "broken", f"{path} cannot be read: {error}", "name a PEM file with --ca")
        return
    ends = min(ssl.cert_time_to_seconds(str(found["notAfter"])) for found in context.get_ca_certs())
    day = datetime.fromtimestamp(ends, UTC).strftime("%Y-%m-%d")
    left = ends - time.time()
    if left < 0:
        yield Finding("certificate", "broken", f"{path} expired on {day}", "replace it on the hub and here")
    elif left < SOON:
        yield Finding("certificate", "warning", f"{path} expires on {day}", "replace it on the hub and here")
    else:
        yield Finding("certificate", "ok", f"{path} is good until {day}")


def _hub(target: Target, settings: Settings) -> Iterator[Finding]:
    try:
        with connection.open_hub(target, 5.0) as hub:
            if not hub.healthy():
                raise UnavailableError(f"{target.url} does not answer", "wk up starts a hub here; --hub names another")
            yield Finding("hub", "ok", f"{target.url} answers (from: {target.source})")
            if not target.token:
                yield Finding("token", "broken", f"there is none for {target.url}", "wk login makes one")
                return
            user = hub.session().user
            yield Finding("token", "ok", f"works: {user.name}, {user.role}")
            yield from _versions(hub)
            yield from _own_host(hub, settings)
    except WatchkeeperError as error:
        yield Finding("hub", "broken", error.message, error.hint)


def _versions(hub: Hub) -> Iterator[Finding]:
    state = hub.state()
    if state.version == __version__:
        yield Finding("versions", "ok", f"hub and wk are {__version__}")
    else:
        yield Finding(
            "versions", "warning", f"the hub is {state.version}, wk is {__version__}", "bring both to one version"
        )
    for notice in state.notices:
        level = "note" if notice.severity == "info" else "warning"
        yield Finding("hub says", level, notice.text, notice.hint)


def _own_host(hub: Hub, settings: Settings) -> Iterator[Finding]:
    name = str(local_agent.status(settings).get("host") or platform.node())
    host = next((host for host in hub.hosts() if host.name == name), None)
    if host is None:
        return
    now = time.time()
    age = figures.ago(host.last_report, now)
    if host.status == "online":
        yield Finding("reports", "ok", f"{host.name} reported {age}")
    else:
        yield Finding(
            "reports",
            "warning",
            f"{host.name} is {host.status}: {host.reason or age}",
            f"see {local_agent.log_file(settings)}",
        )
    if host.skew is not None:
        state, advice = (
            ("warning", "let systemd-timesyncd or chrony set the clock") if abs(host.skew) > SKEW else ("ok", "")
        )
        yield Finding("clock", state, f"{host.skew:+.1f} s against the hub's", advice)
    if host.spool and host.spool.batches:
        waits = f"{figures.figure(host.spool.size, 'B')} wait, the oldest for {figures.duration(host.spool.age)}"
        yield Finding("spool", "warning" if (host.spool.age or 0) > SPOOL_AGE else "ok", waits)
    else:
        yield Finding("spool", "ok", "empty: the hub has everything")
