"""The embedded record store: one SQLite file for everything that comes in batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from watchkeeper.base.clock import Clock
from watchkeeper.hub.model.records import (
    Batch,
    Completeness,
    FleetRange,
    Range,
    Series,
    StoredEvent,
    StoredGap,
    StreamState,
)
from watchkeeper.hub.storage.embedded import documents
from watchkeeper.hub.storage.embedded.commit import Committer, find_stream
from watchkeeper.hub.storage.embedded.completeness import host_counts, late_spans
from watchkeeper.hub.storage.embedded.connection import Readers, Writer
from watchkeeper.hub.storage.embedded.journal import JournalIndex
from watchkeeper.hub.storage.embedded.names import Names
from watchkeeper.hub.storage.embedded.opening import DATABASE, SIDECAR, Notice, open_records, write_sidecar
from watchkeeper.hub.storage.embedded.ranges import raw_range
from watchkeeper.hub.storage.embedded.reading import RawReader
from watchkeeper.hub.storage.embedded.recent import Recent
from watchkeeper.hub.storage.embedded.restart import load_journal, newest_reports


class EmbeddedRecordStore:
    """RecordStore in `folder`/records.db. See interfaces.RecordStore for the calls."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self._folder = folder
        self._clock = clock or Clock()
        opened = open_records(folder)
        self.incarnation = opened.incarnation
        self._notices = opened.notices
        self._writer = Writer(opened.db)
        self._readers = Readers(folder / DATABASE)
        self._names = Names()
        self._index = JournalIndex()
        self._recent = Recent(self._names)
        self._raw = RawReader(self._names, self._index)
        with self._readers.snapshot("reading the journal") as db:
            self._names.load(db)
            load_journal(db, self._index, self._recent)
        self._committer = Committer(self._writer, self._names, self._index, self._recent, opened.commits)

    def append(
        self, batches: Sequence[Batch], ranges: Iterable[tuple[bytes, StreamState]], gaps: Sequence[StoredGap] = ()
    ) -> None:
        self._committer.append(batches, ranges, gaps)

    def stream(self, stream: bytes) -> StreamState | None:
        with self._readers.snapshot("reading a stream") as db:
            return find_stream(db, stream)

    def series(self, host: int) -> list[Series]:
        schemas = self._names.schemas(host)
        numbers = dict.fromkeys(number for schema in reversed(schemas.values()) for number in schema)
        return [self._names[number] for number in numbers]

    def schema(self, host: int, number: int) -> list[Series] | None:
        numbers = self._names.schema(host, number)
        return None if numbers is None else [self._names[one] for one in numbers]

    def range(
        self, host: int, names: Sequence[str], start: float, end: float, points: int, rate: bool = False
    ) -> Range:
        wanted = {number for name in names for number in self._names.named(name)}
        places = self._raw.places(host, start, end)
        with self._readers.snapshot("reading a range") as db:
            block = self._raw.read(db, host, places, start, end, wanted)
        return raw_range(self._names, block, names, start, end, points, rate)

    def fleet(
        self,
        hosts: Sequence[int],
        metric: str,
        start: float,
        end: float,
        points: int,
        aggregates: Sequence[str],
        top: int = 0,
    ) -> FleetRange:
        raise NotImplementedError

    def recent(self, hosts: Sequence[int], metric: str, minutes: int) -> dict[int, list[float]]:
        now = int(self._clock.wall() // 60)
        return {host: line.tolist() for host, line in self._recent.minutes(hosts, metric, now, minutes).items()}

    def last_reports(self) -> Iterable[tuple[int, float, int, bytes]]:
        with self._readers.snapshot("reading the newest reports") as db:
            return newest_reports(db)

    def snapshot(self, host: int, kind: str, at: float | None = None) -> tuple[float, dict[str, object]] | None:
        with self._readers.snapshot("reading a snapshot") as db:
            return documents.find_snapshot(db, host, kind, at)

    def events(self, hosts: Sequence[int], start: float, end: float, limit: int) -> list[StoredEvent]:
        with self._readers.snapshot("reading events") as db:
            return documents.find_events(db, hosts, start, end, limit)

    def gaps(self, host: int, start: float, end: float) -> list[StoredGap]:
        with self._readers.snapshot("reading gaps") as db:
            return documents.find_gaps(db, host, start, end)

    def completeness(self, host: int, start: float, end: float, buckets: int) -> Completeness:
        step = (end - start) / buckets
        edges = np.linspace(start, end, buckets + 1)
        places = self._raw.places(host, start, end)
        with self._readers.snapshot("reading what arrived") as db:
            block = self._raw.read(db, host, places, start, end, ())
            gaps = documents.find_gaps(db, host, start, end)
            duplicates, quarantined = host_counts(db, host)
        late = block.times[block.origins["late"] > 0]
        received = np.histogram(block.times, edges)[0].tolist()
        lates = np.histogram(late, edges)[0].tolist()
        return Completeness(start, end, step, received, lates, late_spans(late), gaps, duplicates, quarantined)

    def delete_host(self, host: int) -> None:
        raise NotImplementedError

    def backup(self, path: str) -> None:
        raise NotImplementedError

    def stats(self) -> dict[str, float]:
        return {}

    def notices(self) -> list[Notice]:
        """What a person should know about the store, such as a damaged file that was moved aside."""
        return list(self._notices)

    def close(self) -> None:
        self._readers.close()
        write_sidecar(self._folder / SIDECAR, self.incarnation, self._committer.commits)
        self._writer.close()
