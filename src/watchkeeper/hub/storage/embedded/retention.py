"""What is kept for how long, and the removal of what is older."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

import msgspec

from watchkeeper.hub.storage.embedded.documents import PROCESSES
from watchkeeper.hub.storage.embedded.ranges import Horizons
from watchkeeper.hub.storage.embedded.steps import DAY, FIVE_MINUTES, HOUR

# Rows removed in one transaction.
REMOVED_ROWS = 64
REMOVED_BYTES = 2 << 20


class Retention(msgspec.Struct, frozen=True):
    """Days that each kind of data is kept."""

    raw_days: float = 30
    five_minute_days: float = 180
    hour_days: float = 1825
    event_days: float = 365
    process_days: float = 7

    def horizons(self, now: float) -> Horizons:
        """From when on each resolution is kept."""
        return Horizons(now - self.raw_days * DAY, now - self.five_minute_days * DAY)

    def expired(self, db: sqlite3.Connection, now: float) -> Iterator[tuple[str, list[int]]]:
        """Tables and the rows in them that are too old, a slice at a time.

        Data counts from its own time or from its arrival, whichever is later: what comes from a
        machine with a slow clock is not dropped as it comes.
        """
        for table, condition, values, size in self._conditions(now):
            rows = db.execute(f"SELECT id, {size} FROM {table} WHERE {condition}", values).fetchall()  # noqa: S608
            yield from ((table, part) for part in _parts(rows))

    def _conditions(self, now: float) -> list[tuple[str, str, tuple[object, ...], str]]:
        raw, five, hour = (now - days * DAY for days in (self.raw_days, self.five_minute_days, self.hour_days))
        events, processes = now - self.event_days * DAY, now - self.process_days * DAY
        old = "start + span < ? AND arrived < ?"
        newest = "SELECT id FROM (SELECT id, max(first) FROM snapshots GROUP BY host, kind)"
        superseded = f"kind <> ? AND last < ? AND arrived < ? AND id NOT IN ({newest})"
        return [
            ("chunks", old, (raw, raw), "length(data)"),
            ("rollups", f"tier = ? AND {old}", (FIVE_MINUTES, five, five), "length(data)"),
            ("rollups", f"tier = ? AND {old}", (HOUR, hour, hour), "length(data)"),
            ("events", "time < ? AND received < ?", (events, events), "length(data)"),
            ("snapshots", "kind = ? AND last < ? AND arrived < ?", (PROCESSES, processes, processes), "length(data)"),
            ("snapshots", superseded, (PROCESSES, events, events), "length(data)"),
            ("gaps", 'noted < ? AND coalesce("end", 0) < ?', (hour, hour), "100"),
            ("quarantine", "received < ?", (events,), "length(data)"),
        ]


def _parts(rows: list[tuple[int, int]]) -> Iterator[list[int]]:
    part: list[int] = []
    size = 0
    for row, length in rows:
        part.append(row)
        size += length
        if len(part) >= REMOVED_ROWS or size >= REMOVED_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def removal(table: str, rows: list[int]) -> Callable[[sqlite3.Connection], object]:
    """The write that removes `rows`."""
    return lambda db: db.executemany(f"DELETE FROM {table} WHERE id = ?", [(row,) for row in rows])  # noqa: S608
