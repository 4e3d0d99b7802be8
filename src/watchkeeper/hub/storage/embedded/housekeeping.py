"""What the store does by itself: compaction when an hour has closed, retention, the note of how far it was."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from watchkeeper.base.clock import Clock
from watchkeeper.base.errors import StorageError
from watchkeeper.hub.storage.embedded.calendar import Calendar
from watchkeeper.hub.storage.embedded.commit import Committer
from watchkeeper.hub.storage.embedded.compaction import Compaction, Outcome, PutOffError
from watchkeeper.hub.storage.embedded.connection import Readers
from watchkeeper.hub.storage.embedded.journal import JournalIndex
from watchkeeper.hub.storage.embedded.opening import write_sidecar
from watchkeeper.hub.storage.embedded.removal import remove_from_rollups, removed_hosts
from watchkeeper.hub.storage.embedded.retention import Retention, removal

# An hour is compacted this many seconds after its end.
GRACE = 60.0
TICK = 5.0
# With more reports than this in the journal (a backlog came in), compaction does not wait for the hour.
MOST_REPORTS = 1_500_000

log = logging.getLogger(__name__)


class Housekeeper:
    """Does everything that must be done regularly; `start` gives it a thread of its own."""

    def __init__(
        self,
        committer: Committer,
        compaction: Compaction,
        index: JournalIndex,
        readers: Readers,
        retention: Retention,
        clock: Clock,
        sidecar: Path,
        incarnation: str,
    ) -> None:
        self._committer = committer
        self._compaction = compaction
        self._index = index
        self._readers = readers
        self._retention = retention
        self._clock = clock
        self._sidecar = sidecar
        self._incarnation = incarnation
        with readers.snapshot("reading the date") as db:
            noted = db.execute("SELECT value FROM meta WHERE name = 'date'").fetchone()
        self.calendar = Calendar(clock, noted[0] if noted else None)
        self._noted = committer.commits
        self._closed_hour = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.outcome: Outcome | None = None
        self.compacted_at = 0.0

    def start(self) -> None:
        self._thread = threading.Thread(target=self._loop, name="records-housekeeping", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._compaction.stop()
        if self._thread is not None:
            self._thread.join()
        self.note_commits()

    def _loop(self) -> None:
        while not self._clock.wait(self._stop, TICK):
            try:
                self.tick()
            except PutOffError as error:
                log.info("%s", error)
            except StorageError as error:
                log.error("%s", error)

    def tick(self) -> None:
        """Do what is due now."""
        self.note_commits()
        hour = int((self._clock.wall() - GRACE) // 3600)
        if self._index.size() > MOST_REPORTS:
            self.compact(self._committer.commits)
        elif hour != self._closed_hour:
            self.compact(self._committer.last_row_before(hour))
            self._closed_hour = hour

    def note_commits(self) -> None:
        """Write down how far the database is, so that an older copy of it is recognised."""
        commits = self._committer.commits
        if commits != self._noted:
            try:
                write_sidecar(self._sidecar, self._incarnation, commits)
            except OSError as error:
                raise StorageError(f"writing {self._sidecar} failed: {error}", "check the disk") from error
            self._noted = commits

    def behind(self) -> float:
        """Seconds since the oldest hour that should be compacted has closed; 0 when none is waiting."""
        oldest = self._index.oldest_hour()
        if oldest is None or oldest >= self._closed_hour or not self._closed_hour:
            return 0.0
        return max(0.0, self._clock.wall() - (oldest + 1) * 3600)

    def compact(self, row: int) -> Outcome:
        """Compact the journal up to `row`, merge, and remove what is too old."""
        now = self._clock.wall()
        with self._readers.snapshot("reading removed hosts") as db:
            removed = removed_hosts(db)
        for host, last in removed:
            self.forget_in_rollups(host, last)
        outcome = self._compaction.run(row, now)
        self._expire(self._today())
        self.outcome, self.compacted_at = outcome, now
        if outcome.reports:
            log.info("compacted %d reports in %.1f s", outcome.reports, outcome.seconds)
        return outcome

    def forget_in_rollups(self, host: int, last: int) -> None:
        """Rewrite the rollups that a removed host shares with others."""
        done: list[bool] = []
        while not any(done):
            self._compaction.gently("removing a host", lambda db: done.append(remove_from_rollups(db, host, last)))

    def _today(self) -> float:
        """The date to remove by, which is noted for the next run."""
        date = self.calendar.today()
        self._compaction.gently(
            "noting the date", lambda db: db.execute("INSERT OR REPLACE INTO meta VALUES ('date', ?)", (date,))
        )
        return date

    def _expire(self, now: float) -> None:
        with self._readers.snapshot("looking for old records") as db:
            parts = list(self._retention.expired(db, now))
        for table, rows in parts:
            self._compaction.gently(f"removing old {table}", removal(table, rows))
        if parts:
            self._compaction.give_back()
