"""What the record store takes in and gives out."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from watchkeeper.wire.ranges import Ranges

Floats = NDArray[np.float64]


class Batch(msgspec.Struct):
    """One accepted batch on its way into the journal.

    `reports` are the raw payloads of its reports with their index in the batch; `others` all the
    other records as (index, kind, payload); `quarantine` the payload whole when it could not be read.
    """

    host: int
    stream: bytes
    lane: int
    seq: int
    crc: int
    received: float
    reports: list[tuple[int, bytes]]
    others: list[tuple[int, int, bytes]]
    quarantine: bytes | None = None


class StreamState(msgspec.Struct):
    """What the hub holds of a stream; `check` is the CRC of the batch numbered `ranges.through`."""

    host: int
    lane: int
    ranges: Ranges
    check: int | None = None
    duplicates: int = 0


class Series(msgspec.Struct, frozen=True):
    """One series of one host."""

    name: str
    kind: str
    unit: str


class Line(msgspec.Struct):
    """One series of a range: arrays of equal length, NaN for unknown.

    `low` and `high` are the minimum and maximum within each step, the same object as `mean`
    where each step is one sample.
    """

    series: Series
    low: Floats
    mean: Floats
    high: Floats


class Range(msgspec.Struct):
    """Lines over common `times` (starts of the steps, seconds). `resolution` is raw, 5m or 1h."""

    start: float
    end: float
    step: float
    resolution: str
    times: Floats
    lines: list[Line]


class FleetRange(msgspec.Struct):
    """Aggregates of one metric over hosts: `aggregates` by name, `count` of hosts a step."""

    start: float
    end: float
    step: float
    resolution: str
    times: Floats
    count: Floats
    aggregates: dict[str, Floats]
    top: list[tuple[int, float]]


class StoredEvent(msgspec.Struct):
    """An event as stored; `cursor` rises with each commit."""

    cursor: int
    host: int
    time: float
    received: float
    type: str
    severity: str
    data: dict[str, object]


class StoredGap(msgspec.Struct):
    """Batches that will never come. `start` and `end` are times of the lost data, None if unknown."""

    host: int
    lane: int
    stream: bytes
    first: int
    last: int
    batches: int
    records: int | None
    start: float | None
    end: float | None
    reason: str
    noted: float


class Completeness(msgspec.Struct):
    """How much of a host's data arrived: counts of reports a step, in time and late, and what is lost."""

    start: float
    end: float
    step: float
    received: list[int]
    late: list[int]
    late_spans: list[tuple[float, float]]
    gaps: list[StoredGap]
    duplicates: int
    quarantined: int


class Notice(msgspec.Struct):
    """Something about a store that a person should know, since when, and what to do about it."""

    severity: str
    text: str
    hint: str
    since: float
