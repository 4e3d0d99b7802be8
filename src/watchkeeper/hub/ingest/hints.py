"""`POST /agent/v1/now`: the newest report ahead of its batch, for the live view alone."""

from __future__ import annotations

from watchkeeper.base.errors import FormatError
from watchkeeper.hub.ingest.capping import SeriesCaps
from watchkeeper.hub.live.hosts import LiveHost
from watchkeeper.hub.live.publish import Live
from watchkeeper.hub.model.records import Series
from watchkeeper.hub.storage.interfaces import RecordStore
from watchkeeper.wire.records import (
    RECORD_HEADER,
    REPORT,
    REPORT_HEADER,
    SCHEMA,
    SNAPSHOT,
    unpack_json,
    unpack_schema,
)


class Hints:
    """Shows records in the live view without storing them."""

    def __init__(self, live: Live, records: RecordStore, caps: SeriesCaps, most_series: int) -> None:
        self._live = live
        self._records = records
        self._caps = caps
        self._most_series = most_series

    def take(self, live: LiveHost, body: bytes, now: float) -> list[int]:
        """Show the records in `body`; gives the numbers of schemas that are missing."""
        wanted: list[int] = []
        for kind, payload in _records(body):
            if kind == SCHEMA:
                number, entries = unpack_schema(payload)
                if len(entries) <= self._most_series and not self._caps.is_capped(live.host.key, number):
                    self._live.schema(live, number, [Series(*entry) for entry in entries])
            elif kind == REPORT:
                report = self._caps.shorten(live.host.key, payload)
                if len(report) < REPORT_HEADER.size or len(report) % 8:
                    raise FormatError(f"a report of {len(report)} bytes is not a vector")
                number = REPORT_HEADER.unpack_from(report)[2]
                if not self._knows(live.host.key, number):
                    wanted.append(number)
                self._live.report(live, report, now, hint=True)
            elif kind == SNAPSHOT:
                value = unpack_json(payload)
                data, when = value.get("data"), value.get("time")
                if isinstance(data, dict) and isinstance(when, int | float):
                    self._live.snapshot(live, str(value.get("kind")), float(when), data)
        return wanted

    def _knows(self, key: int, number: int) -> bool:
        if not self._live.hosts.knows(key, number):
            series = self._records.schema(key, number)
            if series is None:
                return False
            self._live.hosts.learn_schema(key, number, series)
        return True


def _records(body: bytes) -> list[tuple[int, bytes]]:
    found, offset = [], 0
    while offset < len(body):
        if len(body) - offset < RECORD_HEADER.size:
            raise FormatError("a record header is cut short", offset=offset)
        kind, length = RECORD_HEADER.unpack_from(body, offset)
        offset += RECORD_HEADER.size
        if len(body) - offset < length:
            raise FormatError("a record is cut short", offset=offset)
        found.append((kind, body[offset : offset + length]))
        offset += length
    return found
