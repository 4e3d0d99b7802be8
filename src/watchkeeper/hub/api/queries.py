"""Ranges of one host, of several side by side, and over the fleet."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

import numpy as np
from litestar import get
from litestar.params import FromQuery, QueryParameter

from watchkeeper.base.errors import NotFoundError, UnprocessableError
from watchkeeper.base.nearest import nearest
from watchkeeper.hub.api.access import Here, Seen
from watchkeeper.hub.api.hosts import From, To
from watchkeeper.hub.api.services import Services
from watchkeeper.hub.api.times import parse_span
from watchkeeper.hub.identity.scope import with_tags
from watchkeeper.hub.live.hosts import LiveHost
from watchkeeper.hub.live.now import value_at
from watchkeeper.hub.live.views import series_view
from watchkeeper.hub.model.records import Line, Range, Series
from watchkeeper.wire.catalogue import BY_NAME, METRICS
from watchkeeper.wire.records import COUNTER
from watchkeeper.wire.series import parse_series

Points = Annotated[int, QueryParameter(ge=1, le=10_000, description="most points of each line")]
AGGREGATES = ("mean", "min", "max", "p50", "p95", "p99")
MOST_SERIES = 500
MOST_HOSTS = 50


@get("/query", summary="Series of one host over a range")
async def query(
    services: Here,
    seen: Seen,
    host: FromQuery[str],
    series: FromQuery[list[str]],
    start: From = "-1h",
    end: To = "now",
    points: Points = 500,
    read_as: Annotated[Literal["value", "rate"], QueryParameter(name="as")] = "value",
) -> dict[str, Any]:
    live = seen.host(services.live.hosts, host)
    first, last = parse_span(start, end, time.time())
    return await _range(services, live, series, first, last, points, read_as == "rate")


@get("/compare", summary="The same series of several hosts")
async def compare(
    services: Here,
    seen: Seen,
    host: FromQuery[list[str]],
    series: FromQuery[list[str]],
    start: From = "-1h",
    end: To = "now",
    points: Points = 500,
) -> dict[str, Any]:
    first, last = parse_span(start, end, time.time())
    if len(host) > MOST_HOSTS:
        raise UnprocessableError(f"{len(host)} hosts are too many side by side", f"ask for {MOST_HOSTS} at most")
    hosts = [seen.host(services.live.hosts, reference) for reference in host]
    ranges = [await _range(services, live, series, first, last, points, False) for live in hosts]
    return {
        "hosts": [
            {"id": live.host.id, "name": live.host.name, "range": found}
            for live, found in zip(hosts, ranges, strict=True)
        ]
    }


@get("/fleet/latest", summary="The newest value of a metric on every host")
async def fleet_latest(
    services: Here, seen: Seen, metric: FromQuery[str], tag: FromQuery[list[str] | None] = None
) -> dict[str, Any]:
    hosts = services.live.hosts
    values = []
    unit = ""
    for live in with_tags(seen.hosts(hosts), tag or []):
        plan = hosts.plan(live)
        if plan is None:
            continue
        for index, entry in plan.named(metric):
            unit = entry.unit
            values.append(
                {
                    "host": live.host.id,
                    "series": entry.name,
                    "value": value_at(live.report, index),
                    "time": live.last_report,
                }
            )
    if not values and metric not in BY_NAME:
        raise _unknown_metric(metric, _metrics_of(services, seen))
    return {"metric": metric, "unit": unit or _unit(metric), "time": time.time(), "values": values}


@get("/fleet/query", summary="Aggregates of a metric over hosts")
async def fleet_query(
    services: Here,
    seen: Seen,
    metric: FromQuery[str],
    agg: FromQuery[str] = "mean",
    top: Annotated[int, QueryParameter(ge=0, le=1000)] = 0,
    tag: FromQuery[list[str] | None] = None,
    start: From = "-1h",
    end: To = "now",
    points: Points = 500,
) -> dict[str, Any]:
    wanted = _aggregates(agg)
    first, last = parse_span(start, end, time.time())
    known = _metrics_of(services, seen)
    if metric not in known and metric not in BY_NAME:
        raise _unknown_metric(metric, known)
    hosts = with_tags(seen.hosts(services.live.hosts), tag or [])
    keys = [live.host.key for live in hosts]
    found = await services.ask(services.records.fleet, keys, metric, first, last, points, wanted, top)
    by_key = services.live.hosts.by_key
    leaders = [(by_key[key].host, mean) for key, mean in found.top if key in by_key]
    return {
        "metric": metric,
        "unit": known.get(metric) or _unit(metric),
        "from": found.start,
        "to": found.end,
        "step": found.step,
        "resolution": found.resolution,
        "times": found.times.tolist(),
        "count": found.count.tolist(),
        "agg": {name: line.tolist() for name, line in found.aggregates.items()},
        "top": [{"host": host.id, "name": host.name, "mean": mean} for host, mean in leaders],
    }


def _aggregates(text: str) -> list[str]:
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    for name in wanted:
        if name not in AGGREGATES:
            near = nearest(name, AGGREGATES)
            hint = f"did you mean {near!r}?" if near else f"one of: {', '.join(AGGREGATES)}"
            raise UnprocessableError(f"there is no aggregate {name!r}", hint)
    return wanted


@get("/metrics", summary="All metrics that the agent's own collectors may report, and those of your hosts")
async def list_metrics(services: Here, seen: Seen) -> dict[str, Any]:
    fields = ("name", "unit", "kind", "help", "labels")
    metrics = [{field: getattr(metric, field) for field in fields} for metric in METRICS]
    for metric, unit in sorted(_metrics_of(services, seen).items()):
        if metric not in BY_NAME:
            metrics.append({"name": metric, "unit": unit, "kind": "gauge", "help": "", "labels": []})
    return {"metrics": metrics}


async def _range(
    services: Services, live: LiveHost, wanted: list[str], start: float, end: float, points: int, rate: bool
) -> dict[str, Any]:
    known = await services.ask(services.records.series, live.host.key)
    names = _full_names(wanted, known, live.host.name)
    found = await services.ask(services.records.range, live.host.key, names, start, end, points, rate)
    return range_view(found, rate)


def _full_names(wanted: list[str], known: list[Series], host: str) -> list[str]:
    """Full names of series; a metric means all of its series."""
    by_metric: dict[str, list[str]] = {}
    for entry in known:
        by_metric.setdefault(parse_series(entry.name)[0], []).append(entry.name)
    full = {entry.name for entry in known}
    names: dict[str, None] = {}
    for text in wanted:
        if text in by_metric:
            names.update(dict.fromkeys(by_metric[text]))
        elif text in full:
            names[text] = None
        else:
            near = nearest(text, [*by_metric, *full, *BY_NAME])
            hint = f"did you mean {near!r}?" if near else "GET /hosts/{id}/series lists the host's series"
            raise NotFoundError(f"{host} has no series {text!r}", hint)
    if len(names) > MOST_SERIES:
        raise UnprocessableError(f"{len(names)} series are too many for one query", f"ask for {MOST_SERIES} at most")
    return list(names)


def range_view(found: Range, rate: bool) -> dict[str, Any]:
    """`Range` of docs/api.md."""
    return {
        "from": found.start,
        "to": found.end,
        "step": found.step,
        "resolution": found.resolution,
        "times": found.times.tolist(),
        "series": [_line_view(line, rate) for line in found.lines],
    }


def _line_view(line: Line, rate: bool) -> dict[str, Any]:
    view = series_view(line.series)
    if rate and line.series.kind == COUNTER:
        view["unit"], view["kind"] = f"{line.series.unit or '1'}/s", "gauge"
    if line.low is not line.mean:
        view["min"], view["max"] = _values(line.low), _values(line.high)
    view["mean"] = _values(line.mean)
    known = line.mean[np.isfinite(line.mean)]
    view["last"] = float(known[-1]) if len(known) else None
    return view


def _values(line: np.ndarray[Any, np.dtype[np.float64]]) -> list[float]:
    """As JSON takes them: what is not finite becomes null in the encoder."""
    values: list[float] = line.tolist()
    return values


def _metrics_of(services: Services, seen: Seen) -> dict[str, str]:
    """Metrics of the newest reports of the visible hosts, with their units."""
    hosts = services.live.hosts
    plans = {plan for live in seen.hosts(hosts) if (plan := hosts.plan(live)) is not None}
    return {metric: unit for plan in plans for metric, unit in plan.units.items()}


def _unknown_metric(metric: str, known: dict[str, str]) -> NotFoundError:
    near = nearest(metric, [*known, *BY_NAME])
    return NotFoundError(
        f"there is no metric {metric!r}", f"did you mean {near!r}?" if near else "GET /api/v1/metrics lists them"
    )


def _unit(metric: str) -> str:
    known = BY_NAME.get(metric)
    return known.unit if known else ""


ROUTES = [query, compare, fleet_latest, fleet_query, list_metrics]
