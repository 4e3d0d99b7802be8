"""At most so many series a host: what goes beyond is dropped, told once as an event, and the rest is stored."""

from __future__ import annotations

import hashlib
import json
import time
import zlib
from collections.abc import Iterable

import msgspec
import numpy as np
from numpy.typing import NDArray

from watchkeeper.hub.model.records import Batch, StreamState
from watchkeeper.hub.storage.interfaces import RecordStore
from watchkeeper.hub.storage.state_hosts import StateHosts
from watchkeeper.wire.frames import URGENT
from watchkeeper.wire.ranges import Ranges
from watchkeeper.wire.records import EVENT, REPORT_HEADER, SCHEMA, pack_schema, unpack_schema


class Cap(msgspec.Struct):
    """What is kept of a schema: its new number and payload, and the positions in the vector."""

    number: int
    payload: bytes
    kept: NDArray[np.intp]


class SeriesCaps:
    """The capped schemas of all hosts. Used by the committer's thread; `shorten` by any."""

    def __init__(self, limit: int, records: RecordStore, hosts: StateHosts) -> None:
        self._limit = limit
        self._records = records
        self._hosts = hosts
        self._caps = {
            (host, number): Cap(zlib.crc32(payload), payload, np.array(kept, np.intp))
            for host, number, payload, kept in hosts.caps()
        }

    def __bool__(self) -> bool:
        return bool(self._caps)

    def shorten(self, host: int, report: bytes) -> bytes:
        """The report without the series that were dropped from its schema."""
        if len(report) < REPORT_HEADER.size or len(report) % 8:
            return report
        when, monotonic, number, boot = REPORT_HEADER.unpack_from(report)
        cap = self._caps.get((host, number))
        values = np.frombuffer(report, "<f8", offset=REPORT_HEADER.size)
        if cap is None or (len(cap.kept) and cap.kept[-1] >= len(values)):
            return report
        return REPORT_HEADER.pack(when, monotonic, cap.number, boot) + values[cap.kept].tobytes()

    def apply(self, host: int, batches: Iterable[Batch], schemas: dict[int, bytes]) -> list[Batch]:
        """Cap the schemas in `batches`, shorten their reports; gives batches of the hub's own with events."""
        events = []
        for number, payload in schemas.items():
            event = self._check(host, number, payload)
            if event:
                events.append(event)
        if self._caps:
            for batch in batches:
                batch.others = [self._other(host, *record) for record in batch.others]
                batch.reports = [(index, self.shorten(host, report)) for index, report in batch.reports]
        return events

    def is_capped(self, host: int, number: int) -> bool:
        return (host, number) in self._caps

    def _other(self, host: int, index: int, kind: int, payload: bytes) -> tuple[int, int, bytes]:
        cap = self._caps.get((host, zlib.crc32(payload))) if kind == SCHEMA else None
        return index, kind, cap.payload if cap else payload

    def _check(self, host: int, number: int, payload: bytes) -> Batch | None:
        if (host, number) in self._caps or self._records.schema(host, number) is not None:
            return None
        _, series = unpack_schema(payload)
        known = {entry.name for entry in self._records.series(host)}
        room = self._limit - len(known)
        if len(series) <= room:
            return None
        kept = []
        for position, (name, _, _) in enumerate(series):
            if name in known:
                kept.append(position)
            elif room > 0:
                kept.append(position)
                known.add(name)
                room -= 1
        if len(kept) == len(series):
            return None
        new_number, new_payload = pack_schema([series[position] for position in kept])
        self._hosts.save_cap(host, number, new_payload, kept)
        self._caps[(host, number)] = Cap(new_number, new_payload, np.array(kept, np.intp))
        dropped = [name for position, (name, _, _) in enumerate(series) if position not in set(kept)]
        return self._event(host, number, dropped)

    def _event(self, host: int, number: int, dropped: list[str]) -> Batch:
        now = time.time()
        event = {
            "type": "series.capped",
            "time": now,
            "severity": "warning",
            "data": {"limit": self._limit, "dropped": len(dropped), "examples": dropped[:5]},
        }
        # A stream of the hub's own for each capped schema: its one batch is stored once, whatever happens.
        stream = hashlib.sha256(b"series.capped %d %d" % (host, number)).digest()[:16]
        payload = json.dumps(event).encode()
        return Batch(host, stream, URGENT, 1, zlib.crc32(payload), now, [], [(0, EVENT, payload)])


def event_state(host: int) -> StreamState:
    """The state of a stream that holds one event of the hub's own."""
    return StreamState(host, URGENT, Ranges([(1, 1)]))
