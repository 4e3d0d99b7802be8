"""What the hub asks of its stores. One contract suite (tests/contract) runs on each implementation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

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


class RecordStore(Protocol):
    """The journal, chunks, rollups, events, snapshots, gaps and stream ranges of all hosts.

    `append` is called by one thread, the group committer; everything else by any thread.
    Hosts are named by their key. Times are seconds. Errors are StorageError.
    """

    incarnation: str

    def append(
        self, batches: Sequence[Batch], ranges: Iterable[tuple[bytes, StreamState]], gaps: Sequence[StoredGap] = ()
    ) -> None:
        """Commit `batches`, the new states of their streams and `gaps` in one synced transaction.

        When it returns, all of it survives a power cut; when it raises, none of it is there.
        `gaps` holds only what is really missing: ingest takes from the gap records in `others` what
        the stream had already received; the records themselves are not stored.
        """

    def stream(self, stream: bytes) -> StreamState | None:
        """The committed state of a stream, None when it is not known."""

    def series(self, host: int) -> list[Series]:
        """All series that the host has data of."""

    def range(
        self, host: int, names: Sequence[str], start: float, end: float, points: int, rate: bool = False
    ) -> Range:
        """The named series (full names) over [start, end) in at most `points` steps.

        Single reports when they are few enough; else steps of reports, 5-minute or 1-hour rollups, the finest
        that `points` and retention allow. A counter is shown as counted, or as its rate a second with
        `rate`; over rollups always as its rate. The rate is unknown after a reset and over a pause. A name
        that the host has no data of is all unknown.
        """

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
        """Aggregates (mean, min, max, p50, p95, p99) of a metric over hosts; a host with several
        series of the metric counts with their mean, a counter with its rate. `top` hosts by mean come along.

        `resolution` is 1m within the last hour, 5m up to two days, else 1h.
        """

    def recent(self, hosts: Sequence[int], metric: str, minutes: int) -> dict[int, list[float]]:
        """Minute means of a metric (of a counter, its rate) for the last `minutes`, at most 64, oldest first,
        NaN for unknown."""

    def last_reports(self) -> Iterable[tuple[int, float, int, bytes]]:
        """The newest report of each host as (host, received, schema number, payload), to rebuild live state."""

    def schema(self, host: int, number: int) -> list[Series] | None:
        """The series of a schema, None when the hub has not got it."""

    def snapshot(self, host: int, kind: str, at: float | None = None) -> tuple[float, dict[str, object]] | None:
        """Time and data of the newest snapshot of `kind` not after `at`."""

    def events(self, hosts: Sequence[int], start: float, end: float, limit: int) -> list[StoredEvent]:
        """Events by their own time, newest first."""

    def gaps(self, host: int, start: float, end: float) -> list[StoredGap]:
        """Losses that touch [start, end), and those of unknown time that were noted in it."""

    def completeness(self, host: int, start: float, end: float, buckets: int) -> Completeness:
        """How much arrived in each of `buckets` steps."""

    def delete_host(self, host: int) -> None:
        """Remove everything about a host."""

    def backup(self, path: str) -> None:
        """Write a consistent copy to `path` while ingest goes on."""

    def stats(self) -> dict[str, float]:
        """Sizes in bytes and counts, for the hub's status page: `bytes` (all files), `journal_bytes`,
        `chunks_bytes`, `rollups_bytes`, `oldest` (seconds since 1970, 0 for none), `series`, `events`, `gaps`,
        `quarantine`, `commits`, `journal_reports`, `compaction_last`, `compaction_seconds`, `compaction_behind`."""

    def notices(self) -> list[Notice]:
        """What a person should know about the store, such as a damaged file that was moved aside."""

    def close(self) -> None:
        """Finish what is under way and release the files."""
