"""How long the chunks of a host are as a day goes by."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.records.feed import NOW, Feed, report
from watchkeeper.base.clock import SteppedClock
from watchkeeper.hub.storage.embedded.store import EmbeddedRecordStore

HOUR = 3600
MIDNIGHT = int(NOW // 86_400) * 86_400


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(wall=NOW)


@pytest.fixture
def store(tmp_path: Path, clock: SteppedClock) -> Iterator[EmbeddedRecordStore]:
    with closing(EmbeddedRecordStore(tmp_path, clock, housekeeping=False)) as store:
        yield store


def spans(folder: Path) -> list[tuple[int, int]]:
    """First hour of the day and hours of each chunk."""
    with closing(sqlite3.connect(f"file:{folder / 'records.db'}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT start, span FROM chunks ORDER BY start").fetchall()
    return [((start - MIDNIGHT) // HOUR, span // HOUR) for start, span in rows]


def test_hours_become_a_quarter_of_a_day_and_then_the_day_and_every_report_stays(
    tmp_path: Path, store: EmbeddedRecordStore, clock: SteppedClock
) -> None:
    feed = Feed(store)
    feed.schema()
    for minute in range(9 * 60):
        if minute // 60 != 4:
            feed.send([report(MIDNIGHT + minute * 60, (minute, minute * 5, 0.5))])
    store.compact_now()
    assert spans(tmp_path) == [(0, 6), (6, 1), (7, 1), (8, 1)]

    for minute in range(4 * 60, 5 * 60):
        feed.send([report(MIDNIGHT + minute * 60, (minute, minute * 5, 0.5))])
    store.compact_now()
    assert spans(tmp_path) == [(0, 6), (6, 1), (7, 1), (8, 1)]
    assert [row.time for row in store.ledger(1, 0, 4e9)] == [MIDNIGHT + minute * 60 for minute in range(9 * 60)]

    clock.advance(20 * HOUR)
    store.compact_now()
    assert spans(tmp_path) == [(0, 24)]
    assert len(store.ledger(1, 0, 4e9)) == 9 * 60
    found = store.range(1, ["load.1"], MIDNIGHT, MIDNIGHT + 9 * HOUR, 9 * 60)
    assert found.lines[0].mean.tolist() == list(range(9 * 60))


def test_days_and_quarters_that_close_in_one_run_hold_each_report_once(
    tmp_path: Path, store: EmbeddedRecordStore, clock: SteppedClock
) -> None:
    feed = Feed(store)
    feed.schema()
    for minute in range(-12 * 60, 9 * 60, 5):
        feed.send([report(MIDNIGHT + minute * 60, (minute, minute * 5, 0.5))])
    store.compact_now()
    assert spans(tmp_path) == [(-24, 24), (0, 6), (6, 1), (7, 1), (8, 1)]
    assert len(store.ledger(1, 0, 4e9)) == 21 * 12
