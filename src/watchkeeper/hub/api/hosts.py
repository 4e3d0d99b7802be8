"""Hosts: the list, one of them, and what is known of it."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Annotated, Any

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from watchkeeper.base.errors import UnprocessableError
from watchkeeper.hub.api.access import Here, Seen, SignedIn
from watchkeeper.hub.api.times import parse_span, parse_time
from watchkeeper.hub.identity.agents import mint
from watchkeeper.hub.identity.scope import must_administer, with_tags
from watchkeeper.hub.live.hosts import LiveHost
from watchkeeper.hub.live.publish import gap_view
from watchkeeper.hub.live.views import help_of, host_view, processes_view, series_view

From = Annotated[str, QueryParameter(name="from", description="seconds since 1970, now, or such as -1h")]
To = Annotated[str, QueryParameter(name="to", description="seconds since 1970, now, or such as -1h")]
SPARK_MINUTES = 60
SPARK_METRIC = "cpu.percent"


class NewHost(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    tags: dict[str, str] = {}


class HostChange(msgspec.Struct, forbid_unknown_fields=True):
    name: str | None = None
    tags: dict[str, str] | None = None


class TypedAgain(msgspec.Struct, forbid_unknown_fields=True):
    name: str


@get("/hosts", summary="All hosts that you may see")
async def list_hosts(
    services: Here,
    seen: Seen,
    tag: FromQuery[list[str] | None] = None,
    q: FromQuery[str] = "",
    sparkline: FromQuery[bool] = False,
) -> dict[str, Any]:
    visible = seen.hosts(services.live.hosts)
    found = [live for live in with_tags(visible, tag or []) if _mentions(live, q.strip().lower())]
    views = [host_view(services.live.hosts, live) for live in found]
    if sparkline:
        keys = [live.host.key for live in found]
        lines = await services.ask(services.records.recent, keys, SPARK_METRIC, SPARK_MINUTES)
        for live, view in zip(found, views, strict=True):
            view["spark"] = {"cpu": lines.get(live.host.key, [math.nan] * SPARK_MINUTES)}
    return {"hosts": views, "total": len(visible)}


@post("/hosts", summary="Add a host; its agent's token is shown once")
async def add_host(data: JSONBody[NewHost], services: Here, caller: SignedIn) -> dict[str, Any]:
    must_administer(caller.user, "adding a host")
    name, tags = _checked_name(data.name), _checked_tags(data.tags)
    token, digest = mint()
    highest = max(services.live.hosts.by_key, default=0)
    host = await services.ask(services.hosts.add, name, tags, digest, highest)
    live = services.live.hosts.add(host)
    services.agents.add(digest, host.key)
    services.live.host_added(live)
    return {"host": host_view(services.live.hosts, live), "token": token}


@get("/hosts/{host:str}", summary="One host, by id or name")
async def show_host(host: FromPath[str], services: Here, seen: Seen) -> dict[str, Any]:
    return host_view(services.live.hosts, seen.host(services.live.hosts, host))


@patch("/hosts/{host:str}", summary="Rename a host or change its tags")
async def change_host(
    host: FromPath[str], data: JSONBody[HostChange], services: Here, seen: Seen, caller: SignedIn
) -> dict[str, Any]:
    must_administer(caller.user, "changing a host")
    live = seen.host(services.live.hosts, host)
    name = live.host.name if data.name is None else _checked_name(data.name)
    tags = live.host.tags if data.tags is None else _checked_tags(data.tags)
    await services.ask(services.hosts.change, live.host.key, name, tags)
    live.host.name, live.host.tags = name, tags
    services.live.host_changed(live)
    return host_view(services.live.hosts, live)


@delete("/hosts/{host:str}", summary="Remove a host and all its data")
async def delete_host(
    host: FromPath[str], data: JSONBody[TypedAgain], services: Here, seen: Seen, caller: SignedIn
) -> None:
    must_administer(caller.user, "removing a host")
    live = seen.host(services.live.hosts, host)
    if data.name != live.host.name:
        raise UnprocessableError(f"{data.name!r} is not the host's name", f"type {live.host.name!r} to remove it")
    services.agents.remove_host(live.host.key)
    services.live.hosts.remove(live)
    services.live.host_removed(live)
    await services.ask(services.hosts.delete, live.host.key)
    # Posts that were taken before the token ended are committed first, or they would outlive the host.
    await asyncio.wrap_future(services.forget_host(live.host.key))
    await services.ask(services.records.delete_host, live.host.key)


@get("/hosts/{host:str}/series", summary="All series of a host")
async def list_series(host: FromPath[str], services: Here, seen: Seen) -> dict[str, Any]:
    live = seen.host(services.live.hosts, host)
    series = await services.ask(services.records.series, live.host.key)
    views = [series_view(entry) for entry in series]
    return {"series": [view | {"help": help_of(view["metric"])} for view in views]}


@get("/hosts/{host:str}/processes", summary="The process table, now or at an earlier time")
async def show_processes(host: FromPath[str], services: Here, seen: Seen, at: FromQuery[str] = "") -> dict[str, Any]:
    live = seen.host(services.live.hosts, host)
    found = live.processes
    if at:
        moment = parse_time(at, time.time(), "at")
        found = await services.ask(services.records.snapshot, live.host.key, "processes", moment)
    if found is None:
        return {"time": None, "count": None, "by_cpu": [], "by_memory": []}
    return processes_view(*found)


@get("/hosts/{host:str}/collectors", summary="The state of each of the agent's collectors")
async def list_collectors(host: FromPath[str], services: Here, seen: Seen) -> dict[str, Any]:
    return {"collectors": seen.host(services.live.hosts, host).collectors}


@get("/hosts/{host:str}/events", summary="Events of a host, newest first")
async def list_events(
    host: FromPath[str],
    services: Here,
    seen: Seen,
    start: From = "-1d",
    end: To = "now",
    limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 200,
) -> dict[str, Any]:
    live = seen.host(services.live.hosts, host)
    first, last = parse_span(start, end, time.time())
    events = await services.ask(services.records.events, [live.host.key], first, last, limit)
    fields = ("time", "received", "type", "severity", "data")
    return {"events": [{field: getattr(event, field) for field in fields} for event in events]}


@get("/hosts/{host:str}/completeness", summary="How much of a host's data arrived, and what is lost")
async def show_completeness(
    host: FromPath[str],
    services: Here,
    seen: Seen,
    start: From = "-1d",
    end: To = "now",
    buckets: Annotated[int, QueryParameter(ge=1, le=2000)] = 96,
) -> dict[str, Any]:
    live = seen.host(services.live.hosts, host)
    first, last = parse_span(start, end, time.time())
    found = await services.ask(services.records.completeness, live.host.key, first, last, buckets)
    return {
        "from": found.start,
        "to": found.end,
        "step": found.step,
        "received": found.received,
        "late": found.late,
        "late_spans": found.late_spans,
        "gaps": [gap_view(gap) for gap in found.gaps],
        "duplicates": found.duplicates,
        "quarantined": found.quarantined,
        "interval": live.interval,
    }


def _mentions(live: LiveHost, text: str) -> bool:
    """Does the host's id, name or a tag contain the text?"""
    host = live.host
    words = [host.id, host.name, *(f"{key}={value}" for key, value in live.tags.items())]
    return not text or any(text in word.lower() for word in words)


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 200 or any(ord(letter) < 32 for letter in name):
        raise UnprocessableError("a host needs a name of 1 to 200 characters", "the machine's own name is a good one")
    return name


def _checked_tags(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > 50 or any(not 1 <= len(key) <= 100 or len(value) > 200 or "=" in key for key, value in tags.items()):
        raise UnprocessableError(
            "these tags cannot be kept", "at most 50; keys of 1 to 100 characters without =, values up to 200"
        )
    return tags


ROUTES = [
    list_hosts,
    add_host,
    show_host,
    change_host,
    delete_host,
    list_series,
    show_processes,
    list_collectors,
    list_events,
    show_completeness,
]
