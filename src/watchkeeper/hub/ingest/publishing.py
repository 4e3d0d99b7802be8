"""After a commit: tell the live view what it brought. Runs on the event loop."""

from __future__ import annotations

from typing import Any

import msgspec

from watchkeeper.base.errors import FormatError
from watchkeeper.hub.ingest.jobs import Committed
from watchkeeper.hub.live.hosts import LiveHost
from watchkeeper.hub.live.publish import Live
from watchkeeper.hub.model.records import Batch, Series
from watchkeeper.hub.storage.interfaces import RecordStore
from watchkeeper.wire.records import EVENT, REPORT_HEADER, SCHEMA, SNAPSHOT, unpack_schema

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Publishing:
    """Called with each group that was committed."""

    def __init__(self, live: Live, records: RecordStore) -> None:
        self._live = live
        self._records = records

    def __call__(self, committed: Committed) -> None:
        for verdict in committed.verdicts:
            live = self._live.hosts.by_key.get(verdict.state.host)
            if live is None:
                continue
            for batch in verdict.batches:
                if batch.others:
                    self._schemas(live, batch)
                if batch.reports:
                    self._reports(live, batch)
            received = verdict.batches[0].received if verdict.batches else 0.0
            for kind, value in verdict.values:
                self._value(live, kind, value, received)
            for gap in verdict.gaps:
                self._live.gap(live, gap)
        for batch in committed.events:
            live = self._live.hosts.by_key.get(batch.host)
            if live is not None:
                for _, _, payload in batch.others:
                    self._value(live, EVENT, _decode(payload), batch.received)

    def _reports(self, live: LiveHost, batch: Batch) -> None:
        """Every report to those who watch; else the last of a batch is enough."""
        reports = batch.reports if self._live.watched(live.host.key) else batch.reports[-1:]
        for _, report in reports:
            if len(report) < REPORT_HEADER.size or len(report) % 8:
                continue
            number = REPORT_HEADER.unpack_from(report)[2]
            if not self._live.hosts.knows(live.host.key, number):
                series = self._records.schema(live.host.key, number)
                if series is not None:
                    self._live.schema(live, number, series)
            self._live.report(live, report, batch.received)

    def _schemas(self, live: LiveHost, batch: Batch) -> None:
        for _, kind, payload in batch.others:
            if kind == SCHEMA:
                try:
                    number, entries = unpack_schema(payload)
                except FormatError:
                    continue
                self._live.schema(live, number, [Series(*entry) for entry in entries])

    def _value(self, live: LiveHost, kind: int, value: dict[str, Any], received: float) -> None:
        if kind == EVENT:
            self._live.event(live, value, received)
        elif kind == SNAPSHOT:
            data, when = value.get("data"), value.get("time")
            if isinstance(data, dict) and isinstance(when, int | float):
                self._live.snapshot(live, str(value.get("kind")), float(when), data)
