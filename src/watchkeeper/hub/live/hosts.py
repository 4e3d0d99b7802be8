"""The last known state of every host, in memory."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from watchkeeper.hub.live.now import Plan
from watchkeeper.hub.live.status import NEVER, status
from watchkeeper.hub.model.hosts import Host
from watchkeeper.hub.model.records import Series
from watchkeeper.hub.storage.interfaces import RecordStore
from watchkeeper.wire.records import REPORT_HEADER

DEFAULT_INTERVAL = 5.0
Processes = tuple[float, dict[str, Any]]


class LiveHost:
    """One host. Times are the hub's unless they are of a report; `version` rises with each change."""

    __slots__ = (
        "agent",
        "boot",
        "collectors",
        "facts",
        "host",
        "interval",
        "last_report",
        "last_seen",
        "monotonic",
        "own_tags",
        "processes",
        "received",
        "report",
        "schema",
        "since",
        "skew",
        "status",
    )

    def __init__(self, host: Host) -> None:
        self.host = host
        self.report = b""
        self.schema = 0
        self.boot = 0
        self.monotonic = 0.0
        self.last_report: float | None = None
        self.received: float | None = None
        self.last_seen: float | None = None
        self.skew: float | None = None
        self.interval = DEFAULT_INTERVAL
        self.facts: dict[str, Any] = {}
        self.agent: dict[str, Any] = {}
        self.own_tags: dict[str, str] = {}
        self.collectors: list[dict[str, Any]] = []
        self.processes: Processes | None = None
        self.status = NEVER
        self.since = host.created

    @property
    def tags(self) -> dict[str, str]:
        """Tags from the agent's own settings, and above them those that were given here."""
        return {**self.own_tags, **self.host.tags}

    def take(self, report: bytes, received: float) -> bool:
        """Keep the report if it is newer than the one kept; false when it is not, or is no report.

        Within one boot the monotonic clock decides, so that a step of the wall clock neither freezes nor
        rewinds the view; across boots the report's time does, unless nothing newer came for a while.
        """
        if len(report) < REPORT_HEADER.size or len(report) % 8:
            return False
        when, monotonic, schema, boot = REPORT_HEADER.unpack_from(report)
        if self.last_report is not None and self.received is not None:
            if boot == self.boot:
                step = monotonic - self.monotonic
                if not step > 0:
                    return False
                if step <= 3600:
                    self._learn_interval(step)
            elif not (when > self.last_report or received - self.received > 3 * self.interval):
                return False
        self.report, self.schema, self.boot, self.monotonic = report, schema, boot, monotonic
        self.last_report, self.received = when, received
        return True

    def _learn_interval(self, step: float) -> None:
        # Facts tell the true interval; until they come, the smallest recent step is the best guess.
        if "interval" not in self.agent and step >= 0.5:
            self.interval = step if step < self.interval else 0.8 * self.interval + 0.2 * step

    def take_snapshot(self, kind: str, when: float, data: dict[str, Any]) -> bool:
        """Keep facts, collectors or processes; false for any other kind."""
        if kind == "facts":
            agent = data.get("agent")
            self.agent = dict(agent) if isinstance(agent, dict) else {}
            interval = data.get("interval", self.agent.get("interval"))
            if isinstance(interval, int | float) and interval > 0:
                self.agent["interval"] = self.interval = float(interval)
            tags = data.get("tags")
            self.own_tags = {str(key): str(value) for key, value in tags.items()} if isinstance(tags, dict) else {}
            self.facts = {key: value for key, value in data.items() if key not in ("agent", "interval", "tags")}
        elif kind == "collectors":
            found = data.get("collectors")
            self.collectors = list(found) if isinstance(found, list) else []
        elif kind == "processes":
            if self.processes is not None and when < self.processes[0]:
                return False
            self.processes = (when, data)
        else:
            return False
        return True

    def judge(self, now: float, offline_after: float, started: float) -> tuple[str, str]:
        """Status and reason at `now`."""
        behind = 0.0
        if self.received is not None and self.last_report is not None:
            behind = self.received - (self.last_report - (self.skew or 0.0))
        return status(now, self.received, self.interval, offline_after, started, behind)


class LiveHosts:
    """All hosts by key and by id, and the plans of their schemas. Used on the event loop only."""

    def __init__(self, offline_after: float) -> None:
        self.by_key: dict[int, LiveHost] = {}
        self.by_id: dict[str, LiveHost] = {}
        self.offline_after = offline_after
        self.started = time.time()
        self._plans: dict[tuple[int, int], Plan] = {}
        self._shared: dict[tuple[Series, ...], Plan] = {}

    def add(self, host: Host, skew: float | None = None) -> LiveHost:
        live = LiveHost(host)
        live.skew = skew
        self.by_key[host.key] = live
        self.by_id[host.id] = live
        return live

    def remove(self, live: LiveHost) -> None:
        self.by_key.pop(live.host.key, None)
        self.by_id.pop(live.host.id, None)
        self._plans = {place: plan for place, plan in self._plans.items() if place[0] != live.host.key}

    def learn_schema(self, key: int, number: int, series: Iterable[Series]) -> Plan:
        """Remember a schema; hosts with the same series share one plan."""
        entries = tuple(series)
        plan = self._shared.get(entries)
        if plan is None:
            plan = self._shared[entries] = Plan(entries)
        self._plans[(key, number)] = plan
        return plan

    def plan(self, live: LiveHost) -> Plan | None:
        """The plan of the host's newest report, None while its schema is missing."""
        return self._plans.get((live.host.key, live.schema))

    def knows(self, key: int, number: int) -> bool:
        return (key, number) in self._plans

    def rebuild(self, records: RecordStore) -> None:
        """Fill the state from what the store holds: called once, before anything is served."""
        for key, received, number, payload in records.last_reports():
            live = self.by_key.get(key)
            if live is None:
                continue
            live.take(payload, received)
            live.last_seen = received
            live.since = received
            series = records.schema(key, number)
            if series is not None:
                self.learn_schema(key, number, series)
        for key, live in self.by_key.items():
            for kind in ("facts", "collectors", "processes"):
                found = records.snapshot(key, kind)
                if found is not None:
                    live.take_snapshot(kind, *found)
            live.status, _ = live.judge(self.started, self.offline_after, self.started)
