"""What an agent has left in its spool, read as a hub would read it."""

from __future__ import annotations

import json
from typing import Any

from watchkeeper.uplink.spool import Spool
from watchkeeper.wire.frames import LANES, read_post
from watchkeeper.wire.ranges import Ranges
from watchkeeper.wire.receipt import Receipt
from watchkeeper.wire.records import EVENT, REPORT, SCHEMA, SNAPSHOT, unpack, unpack_report, unpack_schema


class Spooled:
    """All records of a spool by kind. Reports are {series: value} with their header in `heads`."""

    def __init__(self, spool: Spool) -> None:
        self.events: list[dict[str, Any]] = []
        self.snapshots: list[dict[str, Any]] = []
        self.reports: list[dict[str, float]] = []
        self.heads: list[Any] = []
        self.order: list[str] = []
        self._schemas: dict[int, list[tuple[str, str, str]]] = {}
        spool.sync()
        while (post := spool.next_post()) is not None:
            found = read_post(post.body)
            for frame in found.frames:
                for record in unpack(frame.payload, frame.count):
                    self._take(record.kind, bytes(record.payload), LANES[found.lane])
            received = Ranges([(1, found.frames[-1].seq)])
            spool.accept(Receipt(found.stream, received, "test"))

    def _take(self, kind: int, payload: bytes, lane: str) -> None:
        if kind == SCHEMA:
            number, series = unpack_schema(payload)
            self._schemas[number] = series
            self.order.append("schema")
        elif kind == REPORT:
            report = unpack_report(payload)
            values = memoryview(report.values).cast("d")
            series = self._schemas[report.schema]
            assert len(series) == len(values)
            self.heads.append(report)
            self.reports.append({name: value for (name, _, _), value in zip(series, values, strict=True)})
            self.order.append("report")
        elif kind == EVENT:
            assert lane == "urgent"
            self.events.append(json.loads(payload))
        elif kind == SNAPSHOT:
            snapshot = json.loads(payload)
            assert lane == ("metrics" if snapshot["kind"] == "processes" else "inventory")
            self.snapshots.append(snapshot)
            self.order.append(snapshot["kind"])

    def event(self, type: str) -> dict[str, Any]:
        """The one event of a type."""
        (found,) = [event for event in self.events if event["type"] == type]
        return found
