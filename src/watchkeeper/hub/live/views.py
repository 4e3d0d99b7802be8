"""Hosts as the API and the live pages show them."""

from __future__ import annotations

import time
from typing import Any

from watchkeeper.hub.live.hosts import LiveHost, LiveHosts
from watchkeeper.hub.live.now import values_of
from watchkeeper.hub.model.records import Series
from watchkeeper.wire.catalogue import BY_NAME
from watchkeeper.wire.records import REPORT_HEADER
from watchkeeper.wire.series import parse_series

_NOTHING = {
    "cpu": None,
    "memory": None,
    "disk": None,
    "disk_mount": None,
    "load": None,
    "receive": None,
    "send": None,
    "uptime": None,
}
_NO_SPOOL = {"size": None, "batches": None, "age": None}


def host_view(hosts: LiveHosts, live: LiveHost, facts: bool = True) -> dict[str, Any]:
    """`Host` of docs/api.md."""
    host, plan = live.host, hosts.plan(live)
    view = changed_view(hosts, live)
    view |= {
        "name": host.name,
        "tags": live.tags,
        "since": live.since,
        "last_seen": live.last_seen,
        "skew": live.skew,
        "agent": {key: value for key, value in live.agent.items() if key != "interval"},
        "spool": plan.spool(live.report) if plan and live.report else _NO_SPOOL,
        "interval": live.interval,
        "created": host.created,
    }
    if facts:
        view["facts"] = live.facts
    return view


def changed_view(hosts: LiveHosts, live: LiveHost) -> dict[str, Any]:
    """What of a host changes with each report."""
    plan = hosts.plan(live)
    status, reason = live.judge(time.time(), hosts.offline_after, hosts.started)
    return {
        "id": live.host.id,
        "status": status,
        "reason": reason,
        "last_report": live.last_report,
        "now": plan.now(live.report) if plan and live.report else _NOTHING,
    }


def series_view(series: Series) -> dict[str, Any]:
    """A series with its metric and labels apart."""
    metric, labels = parse_series(series.name)
    return {"name": series.name, "metric": metric, "labels": labels, "unit": series.unit, "kind": series.kind}


def help_of(metric: str) -> str:
    """One line for a person, "" for a metric that the agent's own collectors do not have."""
    known = BY_NAME.get(metric)
    return known.help if known else ""


def report_view(report: bytes, received: float, hint: bool) -> dict[str, Any]:
    """A report with its whole vector."""
    when, _, number, _ = REPORT_HEADER.unpack_from(report)
    return {"time": when, "received": received, "schema": number, "values": values_of(report), "hint": hint}


def processes_view(when: float, data: dict[str, Any]) -> dict[str, Any]:
    """The process table of one moment."""
    return {
        "time": when,
        "count": data.get("count"),
        "by_cpu": data.get("by_cpu", []),
        "by_memory": data.get("by_memory", []),
    }
