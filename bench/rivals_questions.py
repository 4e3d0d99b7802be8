"""The same questions to the hub's API and in PromQL, asked over one kept connection."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from bench.dataset import SERIES
from bench.hub import Hub
from bench.rivals_servers import Rival, host_name, metric_name

HOUR, DAY = 3600.0, 86400.0
TIMES = 15


@dataclass(frozen=True)
class Question:
    name: str
    what: str


ONE_HOST = Question("query.host", "one host, 3 series, 24 h to 500 points")
ONE_SERIES = Question("query.host.one", "one host, 1 series, 24 h to 500 points")
LATEST = Question("query.latest", "latest of one metric, all hosts")
MEAN = Question("query.fleet.mean", "mean over all hosts, 1 h, each minute")
MEAN_AND_P95 = Question("query.fleet", "mean and p95 over all hosts, 1 h, each minute")
MEAN_OF_SAMPLES = Question("query.fleet.samples", "mean over all hosts, 1 h, each 10 s")
TWO_HOSTS = Question("query.compare", "2 hosts × 4 series, 24 h")
QUESTIONS: dict[Question, float | None] = {
    ONE_HOST: 5,
    ONE_SERIES: None,
    LATEST: 5,
    MEAN: None,
    MEAN_AND_P95: 15,
    MEAN_OF_SAMPLES: None,
    TWO_HOSTS: 15,
}

# A constant, a counter, two percentages and a size, so that no question asks for the easy kind alone.
_ASKED = [SERIES[at][0] for at in (31, 12, 46, 35)]
_FLEET = _ASKED[0]


def ask(server: Hub | Rival, newest: float, hosts: int) -> tuple[float, dict[str, list[float]]]:
    """The sum of the latest values, which must be the same everywhere, and seconds of each of several answers, by
    question; `newest` is the time of the last sample."""
    end = time.time()
    paths = _of_hub(server, end) if isinstance(server, Hub) else _of_rival(server, end, newest)
    reader = server.reader()
    try:
        latest = _latest(reader.get(paths[LATEST][0])[1])
        assert len(latest) == hosts, f"{server.name} knows {len(latest)} hosts of {hosts}"
        return sum(latest), {
            question.name: [sum(calls) for calls in zip(*(reader.timed(p, TIMES) for p in each), strict=True)]
            for question, each in paths.items()
        }
    finally:
        reader.close()


def _latest(body: bytes) -> list[float]:
    """The values in an answer of the hub or of PromQL."""
    answer = json.loads(body)
    if "values" in answer:
        return [each["value"] for each in answer["values"]]
    return [float(each["value"][1]) for each in answer["data"]["result"]]


def _of_hub(hub: Hub, end: float) -> dict[Question, list[str]]:
    day = {"from": end - DAY, "to": end, "points": 500}
    hour = {"from": end - HOUR, "to": end, "points": 60, "metric": _FLEET}
    first, second = hub.senders[0].host, hub.senders[1].host
    return {
        ONE_HOST: [hub.query_path("/query", host=first, series=_ASKED[:3], **day)],
        ONE_SERIES: [hub.query_path("/query", host=first, series=_ASKED[:1], **day)],
        LATEST: [hub.query_path("/fleet/latest", metric=_FLEET)],
        MEAN: [hub.query_path("/fleet/query", agg="mean", **hour)],
        MEAN_AND_P95: [hub.query_path("/fleet/query", agg="mean,p95", **hour)],
        TWO_HOSTS: [hub.query_path("/compare", host=[first, second], series=_ASKED, **day)],
    }


def _of_rival(rival: Rival, end: float, newest: float) -> dict[Question, list[str]]:
    """Where the hub answers with min, mean and max of all samples in a step, PromQL's mean of them stands in. It cannot
    give several metrics in one range function, so that each metric is a call, as in a dashboard; their times add up."""

    def day(names: list[str], hosts: str) -> list[str]:
        selectors = [f'{metric_name(name)}{{host=~"{hosts}"}}[173s]' for name in names]
        return [rival.range_path(f"avg_over_time({each})", end - DAY, end, 500) for each in selectors]

    first, second = host_name(0), host_name(1)
    fleet = metric_name(_FLEET)
    minute = f"avg_over_time({fleet}[1m])"
    mean = rival.range_path(f"avg({minute})", end - HOUR, end, 60)
    p95 = rival.range_path(f"quantile(0.95, {minute})", end - HOUR, end, 60)
    samples = rival.range_path(f"avg({fleet})", end - HOUR, end, 360)
    return {
        ONE_HOST: day(_ASKED[:3], first),
        ONE_SERIES: [rival.range_path(f'{metric_name(_ASKED[0])}{{host="{first}"}}', end - DAY, end, 500)],
        LATEST: [rival.instant_path(fleet, newest)],
        MEAN: [mean],
        MEAN_AND_P95: [mean, p95],
        MEAN_OF_SAMPLES: [samples],
        TWO_HOSTS: day(_ASKED, f"{first}|{second}"),
    }
