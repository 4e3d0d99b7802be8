"""From commits and hints to open pages. All of it runs on the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any

from watchkeeper.hub.live.fanout import FleetReader, Reader, encode, message
from watchkeeper.hub.live.hosts import LiveHost, LiveHosts
from watchkeeper.hub.live.views import changed_view, host_view, processes_view, report_view, series_view
from watchkeeper.hub.model.records import Series, StoredGap
from watchkeeper.wire.records import REPORT_HEADER

GATHER = 0.1
PING = 10.0
Visible = Callable[[LiveHost], bool]


class _Scoped:
    def __init__(self, live: Live, visible: Visible) -> None:
        self._live = live
        self._visible = visible

    def __call__(self, changed: set[int]) -> bytes:
        return self._live.render(changed, self._visible)


class Live:
    """Readers of the fleet and of single hosts, and what they are told."""

    def __init__(self, hosts: LiveHosts) -> None:
        self.hosts = hosts
        self._fleet: dict[FleetReader, Visible] = {}
        self._watching: dict[int, list[Reader]] = {}
        self._sent_schemas: dict[Reader, set[int]] = {}
        self._changed: set[int] = set()
        self._rendered: dict[int, bytes] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._gather()), asyncio.create_task(self._judge())]

    def close(self) -> None:
        """End all open pages."""
        for task in self._tasks:
            task.cancel()
        for reader in [*self._fleet, *(reader for readers in self._watching.values() for reader in readers)]:
            reader.close()

    def watched(self, key: int) -> bool:
        """Does somebody look at this host?"""
        return key in self._watching

    # readers

    def read_fleet(self, visible: Visible) -> FleetReader:
        """A new reader of all hosts that `visible` lets through; begins with all of them."""
        reader = FleetReader(_Scoped(self, visible))
        self._fleet[reader] = visible
        hosts = [host_view(self.hosts, live, facts=False) for live in self.hosts.by_key.values() if visible(live)]
        reader.put(message("fleet", {"time": time.time(), "hosts": hosts}))
        return reader

    def read_host(self, live: LiveHost) -> Reader:
        """A new reader of one host; begins with the last known state."""
        reader = Reader()
        self._watching.setdefault(live.host.key, []).append(reader)
        self._sent_schemas[reader] = set()
        reader.put(message("host", host_view(self.hosts, live)))
        if live.report and live.received is not None:
            self._put_report(reader, live, live.report, live.received, False)
        if live.processes:
            reader.put(message("processes", processes_view(*live.processes)))
        return reader

    def leave(self, reader: Reader, live: LiveHost | None = None) -> None:
        """The page was closed."""
        if isinstance(reader, FleetReader):
            self._fleet.pop(reader, None)
            return
        self._sent_schemas.pop(reader, None)
        assert live is not None
        readers = self._watching.get(live.host.key, [])
        if reader in readers:
            readers.remove(reader)
        if not readers:
            self._watching.pop(live.host.key, None)

    # what happened

    def report(self, live: LiveHost, report: bytes, received: float, hint: bool = False) -> None:
        """A report was committed, or came as a hint."""
        if live.take(report, received):
            self._mark(live)
            for reader in self._watching.get(live.host.key, ()):
                self._put_report(reader, live, report, received, hint)

    def schema(self, live: LiveHost, number: int, series: Iterable[Series]) -> None:
        self.hosts.learn_schema(live.host.key, number, series)

    def snapshot(self, live: LiveHost, kind: str, when: float, data: dict[str, Any]) -> None:
        if not live.take_snapshot(kind, when, data):
            return
        if kind == "processes":
            self._tell(live, "processes", lambda: processes_view(when, data))
        else:
            self.host_changed(live)

    def event(self, live: LiveHost, value: dict[str, Any], received: float) -> None:
        fields = ("time", "type", "severity", "data")
        self._tell(live, "event", lambda: {"received": received} | {key: value.get(key) for key in fields})

    def gap(self, live: LiveHost, gap: StoredGap) -> None:
        self._tell(live, "gap", lambda: gap_view(gap))

    def host_changed(self, live: LiveHost) -> None:
        """Name, tags, facts or status changed."""
        self._mark(live)
        self._tell(live, "host", lambda: host_view(self.hosts, live))

    def host_added(self, live: LiveHost) -> None:
        for reader, visible in self._fleet.items():
            if visible(live):
                reader.put(message("added", host_view(self.hosts, live, facts=False)))

    def host_removed(self, live: LiveHost) -> None:
        text = message("removed", {"id": live.host.id})
        for reader, visible in self._fleet.items():
            if visible(live):
                reader.put(text)
        for one in self._watching.get(live.host.key, ()):
            one.put(text)

    # how it gets out

    def render(self, changed: set[int], visible: Visible) -> bytes:
        """The `hosts` event for those of `changed` that are visible; each host is encoded once for all readers."""
        parts = []
        for key in changed:
            live = self.hosts.by_key.get(key)
            if live is not None and visible(live):
                part = self._rendered.get(key)
                if part is None:
                    part = self._rendered[key] = encode(changed_view(self.hosts, live))
                parts.append(part)
        if not parts:
            return b""
        return b'event: hosts\ndata: {"time":%.3f,"hosts":[%s]}\n\n' % (time.time(), b",".join(parts))

    def _mark(self, live: LiveHost) -> None:
        if self._fleet:
            self._changed.add(live.host.key)

    def _tell(self, live: LiveHost, event: str, view: Callable[[], object]) -> None:
        readers = self._watching.get(live.host.key)
        if readers:
            text = message(event, view())
            for reader in readers:
                reader.put(text)

    def _put_report(self, reader: Reader, live: LiveHost, report: bytes, received: float, hint: bool) -> None:
        number = REPORT_HEADER.unpack_from(report)[2]
        sent = self._sent_schemas[reader]
        if number not in sent:
            plan = self.hosts.plan(live)
            if plan is None:
                return
            sent.add(number)
            series = [series_view(entry) for entry in plan.series]
            reader.put(message("schema", {"number": number, "series": series}))
        reader.put(message("report", report_view(report, received, hint)))

    async def _gather(self) -> None:
        """Every 100 ms, tell the readers of the fleet which hosts changed."""
        while True:
            await asyncio.sleep(GATHER)
            if self._changed:
                changed, self._changed = self._changed, set()
                self._rendered.clear()
                for reader in self._fleet:
                    reader.mark(changed)

    async def _judge(self) -> None:
        """Every second, see whose status changed with time alone; every ten, show that the line is alive."""
        pinged = time.monotonic()
        while True:
            await asyncio.sleep(1.0)
            now = time.time()
            for live in self.hosts.by_key.values():
                status, _ = live.judge(now, self.hosts.offline_after, self.hosts.started)
                if status != live.status:
                    live.status, live.since = status, now
                    self.host_changed(live)
            if time.monotonic() - pinged >= PING:
                pinged = time.monotonic()
                self._ping(message("ping", {"time": now}))

    def _ping(self, text: bytes) -> None:
        for reader in self._fleet:
            reader.put(text)
        for readers in self._watching.values():
            for one in readers:
                one.put(text)


def gap_view(gap: StoredGap) -> dict[str, Any]:
    """A gap as the API shows it."""
    lanes = {1: "urgent", 2: "inventory", 3: "metrics"}
    return {
        "from": gap.start,
        "to": gap.end,
        "lane": lanes.get(gap.lane, ""),
        "batches": gap.batches,
        "records": gap.records,
        "reason": gap.reason,
        "noted": gap.noted,
    }
