"""The embedded record store: one SQLite file for everything that comes in batches."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from watchkeeper.base.clock import Clock
from watchkeeper.base.files import Files
from watchkeeper.hub.model.records import (
    Batch,
    Completeness,
    FleetRange,
    Notice,
    Range,
    Series,
    StoredEvent,
    StoredGap,
    StreamState,
)
from watchkeeper.hub.storage.embedded import documents
from watchkeeper.hub.storage.embedded.calendar import clock_ahead
from watchkeeper.hub.storage.embedded.commit import Committer, find_stream
from watchkeeper.hub.storage.embedded.compaction import Compaction, Outcome
from watchkeeper.hub.storage.embedded.completeness import Completenesses
from watchkeeper.hub.storage.embedded.connection import Readers, Writer, open_reader, storage_errors
from watchkeeper.hub.storage.embedded.fleet import Fleet, aggregate
from watchkeeper.hub.storage.embedded.housekeeping import Housekeeper
from watchkeeper.hub.storage.embedded.journal import JournalIndex
from watchkeeper.hub.storage.embedded.ledger import LedgerRow, read_ledger
from watchkeeper.hub.storage.embedded.names import Names
from watchkeeper.hub.storage.embedded.opening import DATABASE, SIDECAR, open_records
from watchkeeper.hub.storage.embedded.ranges import Horizons, Ranges
from watchkeeper.hub.storage.embedded.reading import Reader
from watchkeeper.hub.storage.embedded.recent import Recent
from watchkeeper.hub.storage.embedded.removal import remove_rows
from watchkeeper.hub.storage.embedded.restart import load_journal, load_last_hour, newest_reports
from watchkeeper.hub.storage.embedded.retention import Retention
from watchkeeper.hub.storage.embedded.status import sizes


class EmbeddedRecordStore:
    """RecordStore in `folder`/records.db. See interfaces.RecordStore for the calls.

    With `housekeeping` a thread compacts, expires and tidies; without, `compact_now` does.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock | None = None,
        retention: Retention | None = None,
        housekeeping: bool = True,
    ) -> None:
        self._path = folder / DATABASE
        self._clock = clock or Clock()
        self._retention = retention or Retention()
        opened = open_records(folder)
        self.incarnation = opened.incarnation
        self._notices = opened.notices
        self._writer = Writer(opened.db, self._path)
        self._readers = Readers(self._path)
        self._names = Names()
        self._index = JournalIndex()
        self._recent = Recent(self._names)
        self._committer = Committer(self._writer, self._names, self._index, self._recent, opened.commits)
        self._load()
        self._reader = Reader(self._names, self._index)
        self._ranges = Ranges(self._readers, self._names, self._reader)
        self._fleet = Fleet(self._readers, self._names, self._reader, self._index, self._recent)
        self._completeness = Completenesses(self._readers, self._reader)
        self._compaction = Compaction(self._path, self._writer, self._index)
        self._housekeeper = Housekeeper(
            self._committer,
            self._compaction,
            self._index,
            self._readers,
            self._retention,
            self._clock,
            folder / SIDECAR,
            self.incarnation,
        )
        if housekeeping:
            self._housekeeper.start()

    def _load(self) -> None:
        with self._readers.snapshot("reading the journal") as db:
            self._names.load(db)
            load_last_hour(db, self._names, self._recent, self._clock.wall())
            load_journal(db, self._index, self._recent, self._committer)

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
        return self._ranges.range(host, names, start, end, points, rate, self._horizons())

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
        now = self._clock.wall()
        steps, tier, means = self._fleet.query(hosts, metric, (start, end), points, now, self._horizons())
        return aggregate((start, end), steps, tier, means, hosts, aggregates, top)

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
        return self._completeness.query(host, start, end, buckets, self._horizons())

    def ledger(self, host: int, start: float, end: float) -> list[LedgerRow]:
        """Which reports of [start, end) are stored: stream, seq, index and time, in order of time."""
        places = self._reader.places(host, start, end)
        with self._readers.snapshot("reading the ledger") as db:
            return read_ledger(db, self._reader.read(db, host, places, start, end, (), origins=True))

    def delete_host(self, host: int) -> None:
        with self._compaction.paused():
            row = self._committer.commits
            with self._writer.transaction("removing a host") as db:
                remove_rows(db, host, row)
                (last,) = db.execute("SELECT value FROM meta WHERE name = ?", (f"removed:{host}",)).fetchone()
            self._names.forget_host(host)
            self._index.drop_through(host, row)
            self._recent.drop_host(host)
            self._committer.forget_streams()
            self._housekeeper.forget_in_rollups(host, last)

    def backup(self, path: str) -> None:
        new = f"{path}.new"
        with storage_errors(f"writing a backup to {path}"):
            Path(new).unlink(missing_ok=True)
            # In one step: a backup in several begins again with each commit that falls between them.
            with closing(open_reader(self._path)) as source, closing(sqlite3.connect(new)) as target:
                source.backup(target)
            os.replace(new, path)
            Files().sync_folder(str(Path(path).parent))

    def stats(self) -> dict[str, float]:
        with self._readers.snapshot("reading sizes") as db:
            found = sizes(db, self._path)
        outcome = self._housekeeper.outcome or Outcome()
        found["commits"] = float(self._committer.commits)
        found["journal_reports"] = float(self._index.size())
        found["compaction_last"] = self._housekeeper.compacted_at
        found["compaction_seconds"] = outcome.seconds
        found["compaction_behind"] = self._housekeeper.behind()
        return found

    def notices(self) -> list[Notice]:
        """What a person should know about the store, such as a damaged file that was moved aside."""
        ahead = self._housekeeper.calendar.ahead
        return [*self._notices, clock_ahead(ahead, self._clock.wall())] if ahead else list(self._notices)

    def compact_now(self) -> Outcome:
        """Compact everything that is committed, closed or not, and remove what is too old."""
        return self._housekeeper.compact(self._committer.commits)

    @property
    def compactor_pid(self) -> int | None:
        """The compactor's process while there is one."""
        return self._compaction.child_pid

    def close(self) -> None:
        self._housekeeper.stop()
        self._readers.close()
        self._writer.close()

    def _horizons(self) -> Horizons:
        return self._retention.horizons(self._clock.wall())
