"""What the hub's API answers. Times are seconds since 1970 UTC; None is unknown."""

from __future__ import annotations

from typing import Any

import msgspec

Value = float | None


class Answer(msgspec.Struct):
    """Root of all answers: fields that a newer hub adds are ignored."""


class Now(Answer):
    """The newest figures of a host: `cpu`, `memory`, `disk` in %, `receive` and `send` in bytes/s, `uptime` in s."""

    cpu: Value = None
    memory: Value = None
    disk: Value = None
    disk_mount: str | None = None
    load: Value = None
    receive: Value = None
    send: Value = None
    uptime: Value = None


class Spool(Answer):
    """What an agent still keeps for the hub: `size` in bytes, `age` of the oldest batch in s."""

    size: Value = None
    batches: Value = None
    age: Value = None


class AgentFacts(Answer):
    """The program that reports."""

    version: str | None = None
    python: str | None = None


class Host(Answer):
    """A machine under watch; `status` is online, late, offline or never, and `reason` says why in words."""

    id: str
    name: str
    tags: dict[str, str] = {}
    status: str = "never"
    reason: str = ""
    since: Value = None
    last_seen: Value = None
    last_report: Value = None
    skew: Value = None
    agent: AgentFacts | None = None
    facts: dict[str, Any] | None = None
    now: Now | None = None
    spool: Spool | None = None
    interval: Value = None
    created: Value = None
    spark: dict[str, list[Value]] | None = None


class HostList(Answer):
    hosts: list[Host]
    total: int = 0


class AddedHost(Answer):
    """A new host and its agent's token, which is shown this once."""

    host: Host
    token: str


class SeriesFacts(Answer):
    """One series of a host; `kind` is gauge or counter."""

    name: str
    metric: str
    labels: dict[str, str] = {}
    unit: str = ""
    kind: str = "gauge"
    help: str = ""


class SeriesList(Answer):
    series: list[SeriesFacts]


class Line(Answer):
    """One series of a range; `min` and `max` are None where each point is one sample."""

    name: str
    metric: str
    labels: dict[str, str] = {}
    unit: str = ""
    kind: str = "gauge"
    mean: list[Value] = []
    min: list[Value] | None = None
    max: list[Value] | None = None
    last: Value = None


class Range(Answer):
    """Lines over common `times`, the starts of steps of `step` seconds."""

    start: float = msgspec.field(name="from")
    end: float = msgspec.field(name="to")
    step: float
    resolution: str
    times: list[float]
    series: list[Line]


class Process(Answer):
    """One process; `cpu` in % of one core, `memory` in bytes."""

    pid: int
    name: str
    command: str = ""
    user: str = ""
    cpu: Value = None
    memory: Value = None
    state: str = ""
    threads: Value = None
    started: Value = None


class Processes(Answer):
    """The processes that took most at `time`."""

    time: Value = None
    count: Value = None
    by_cpu: list[Process] = []
    by_memory: list[Process] = []


class Collector(Answer):
    """A collector's state: running, unavailable, failing or disabled, and why; `seconds` is what it takes."""

    name: str
    state: str
    reason: str = ""
    seconds: Value = None


class CollectorList(Answer):
    collectors: list[Collector]


class Event(Answer):
    """Something that happened on a host."""

    time: float
    type: str
    received: Value = None
    severity: str = "info"
    data: dict[str, Any] = {}


class EventList(Answer):
    events: list[Event]


class Metric(Answer):
    """One metric of the catalogue; `labels` are the names of its labels."""

    name: str
    unit: str = ""
    kind: str = "gauge"
    help: str = ""
    labels: list[str] = []


class MetricList(Answer):
    metrics: list[Metric]


class Token(Answer):
    """An API token without its secret."""

    id: str
    name: str
    created: Value = None
    last_used: Value = None
    expires: Value = None


class TokenList(Answer):
    tokens: list[Token]


class NewToken(Answer):
    """A token just made: `token` is shown this once."""

    id: str
    name: str
    token: str


class SessionUser(Answer):
    name: str
    role: str = ""


class SessionHub(Answer):
    version: str = ""
    name: str = ""


class Session(Answer):
    """Who the hub takes this caller for."""

    user: SessionUser
    expires: Value = None
    hub: SessionHub | None = None


class Notice(Answer):
    """Something about the hub itself that its keeper should know."""

    severity: str
    text: str
    hint: str = ""
    since: Value = None


class HubState(Answer):
    """The hub itself; sizes in bytes."""

    version: str = ""
    started: Value = None
    incarnation: str = ""
    hosts: Value = None
    series: Value = None
    storage: dict[str, Value] = {}
    ingest: dict[str, Value] = {}
    compaction: dict[str, Any] = {}
    notices: list[Notice] = []
