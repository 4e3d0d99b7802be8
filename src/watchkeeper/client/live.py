"""Server-Sent Events, as in the HTML standard's section 9.2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from watchkeeper.client.model import Host, Now


class LiveEvent(msgspec.Struct):
    """One event of a stream: its name and its JSON."""

    name: str
    data: bytes


class Changes(msgspec.Struct):
    """What `fleet` carries: all hosts at the start."""

    hosts: list[Host]
    time: float | None = None


class HostChange(msgspec.Struct):
    """What `hosts` carries of each host that changed."""

    id: str
    status: str
    reason: str = ""
    last_report: float | None = None
    now: Now | None = None


class HostChanges(msgspec.Struct):
    hosts: list[HostChange]
    time: float | None = None


class Removed(msgspec.Struct):
    id: str


def read_events(lines: Iterable[str]) -> Iterator[LiveEvent]:
    """The events in `lines` (without line ends). An event that the stream breaks off is dropped."""
    name = ""
    data: list[str] = []
    for line in lines:
        if not line:
            if data:
                yield LiveEvent(name or "message", "\n".join(data).encode())
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)


class Fleet:
    """The hosts as the `/live` stream tells them: feed it each event."""

    def __init__(self) -> None:
        self.hosts: dict[str, Host] = {}

    def take(self, event: LiveEvent) -> bool:
        """Apply one event; true when something changed."""
        if event.name == "fleet":
            self.hosts = {host.id: host for host in msgspec.json.decode(event.data, type=Changes).hosts}
        elif event.name == "hosts":
            for change in msgspec.json.decode(event.data, type=HostChanges).hosts:
                self._change(change)
        elif event.name == "added":
            host = msgspec.json.decode(event.data, type=Host)
            self.hosts[host.id] = host
        elif event.name == "removed":
            self.hosts.pop(msgspec.json.decode(event.data, type=Removed).id, None)
        else:
            return False
        return True

    def _change(self, change: HostChange) -> None:
        host = self.hosts.get(change.id)
        if host is not None:
            host.status, host.reason, host.last_report = change.status, change.reason, change.last_report
            host.now = change.now or host.now
