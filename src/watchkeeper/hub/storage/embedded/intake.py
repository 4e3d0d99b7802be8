"""Sorts what a group commit brings, before any lock is taken: what can be read, and what cannot."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from watchkeeper.base.errors import FormatError
from watchkeeper.hub.model.records import Batch, Series
from watchkeeper.wire.records import (
    EVENT,
    GAP,
    REPORT_HEADER,
    RESULT,
    SCHEMA,
    SNAPSHOT,
    unpack_json,
    unpack_report,
    unpack_schema,
)

# Clocks may be wrong, but a time must at least be one: 1970 … 3000.
LATEST_TIME = 32_503_680_000.0
SEVERITIES = ("info", "warning", "error")


class TakenReport(msgspec.Struct):
    batch: Batch
    index: int
    time: float
    payload: bytes


class TakenSchema(msgspec.Struct):
    host: int
    number: int
    series: list[Series]


class TakenEvent(msgspec.Struct):
    host: int
    time: float
    received: float
    type: str
    severity: str
    data: bytes


class TakenSnapshot(msgspec.Struct):
    host: int
    kind: str
    time: float
    received: float
    data: bytes


class Unreadable(msgspec.Struct):
    """What goes to quarantine; `index` is None for a whole batch."""

    batch: Batch
    index: int | None
    reason: str
    data: bytes


class Taken(msgspec.Struct):
    """A group commit, sorted."""

    reports: list[TakenReport] = []
    schemas: list[TakenSchema] = []
    events: list[TakenEvent] = []
    snapshots: list[TakenSnapshot] = []
    unreadable: list[Unreadable] = []


def sort_batches(batches: Sequence[Batch]) -> Taken:
    """Look into each record once. Nothing raises: what cannot be read is kept as unreadable."""
    taken = Taken()
    for batch in batches:
        if batch.quarantine is not None:
            taken.unreadable.append(Unreadable(batch, None, "the batch cannot be read", batch.quarantine))
        for index, payload in batch.reports:
            _take_report(taken, batch, index, payload)
        for index, kind, payload in batch.others:
            try:
                _take_other(taken, batch, kind, payload)
            except (FormatError, KeyError, TypeError, ValueError) as error:
                taken.unreadable.append(Unreadable(batch, index, str(error), payload))
    return taken


def _take_report(taken: Taken, batch: Batch, index: int, payload: bytes) -> None:
    try:
        if len(payload) < REPORT_HEADER.size or len(payload) % 8:
            unpack_report(payload)
        time = REPORT_HEADER.unpack_from(payload)[0]
        if not 0.0 <= time < LATEST_TIME:
            raise FormatError(f"a report of time {time} cannot be placed")
    except FormatError as error:
        taken.unreadable.append(Unreadable(batch, index, error.message, payload))
        return
    taken.reports.append(TakenReport(batch, index, time, payload))


def _take_other(taken: Taken, batch: Batch, kind: int, payload: bytes) -> None:
    if kind == SCHEMA:
        number, entries = unpack_schema(payload)
        taken.schemas.append(TakenSchema(batch.host, number, [Series(*map(_text, entry)) for entry in entries]))
    elif kind == EVENT:
        taken.events.append(_event(batch, unpack_json(payload)))
    elif kind == RESULT:
        data = msgspec.json.encode(unpack_json(payload))
        taken.events.append(TakenEvent(batch.host, batch.received, batch.received, "task.result", "info", data))
    elif kind == SNAPSHOT:
        value = unpack_json(payload)
        data = msgspec.json.encode(value["data"])
        kind_text, time = _text(value["kind"]), _time(value["time"])
        taken.snapshots.append(TakenSnapshot(batch.host, kind_text, time, batch.received, data))
    elif kind != GAP:
        raise FormatError(f"there is no record of kind {kind}")


def _event(batch: Batch, value: dict[str, object]) -> TakenEvent:
    severity = str(value.get("severity", "info"))
    return TakenEvent(
        batch.host,
        _time(value["time"]),
        batch.received,
        _text(value["type"]),
        severity if severity in SEVERITIES else "info",
        msgspec.json.encode(value.get("data") or {}),
    )


def _time(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise FormatError(f"{value!r} is not a time")
    return float(value)


def _text(value: object) -> str:
    """`value` as text that can be stored: JSON may smuggle in halves of surrogate pairs."""
    text = str(value)
    text.encode()
    return text
