"""What the store does by itself, driven by a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.records.feed import NOW, Feed, report
from watchkeeper.base.clock import SteppedClock
from watchkeeper.hub.storage.embedded.store import EmbeddedRecordStore


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOW)


@pytest.fixture
def store(tmp_path: Path, clock: SteppedClock) -> Iterator[EmbeddedRecordStore]:
    store = EmbeddedRecordStore(tmp_path, clock, housekeeping=False)
    yield store
    store.close()


def send(feed: Feed, clock: SteppedClock, seconds: int) -> None:
    for _ in range(0, seconds, 60):
        feed.send([report(clock.wall(), [1, 2, 3])], received=clock.wall())
        clock.advance(60)


def test_an_hour_is_compacted_once_it_is_over_and_the_open_one_is_not(
    store: EmbeddedRecordStore, clock: SteppedClock
) -> None:
    feed = Feed(store)
    feed.schema()
    clock.advance(30)
    send(feed, clock, 3600)
    store._housekeeper.tick()
    assert store.stats()["chunks_bytes"] == 0, "the hour ended this moment"
    send(feed, clock, 1800)
    store._housekeeper.tick()
    stats = store.stats()
    assert stats["chunks_bytes"] > 0
    assert stats["journal_reports"] == 30
    assert stats["compaction_last"] == clock.wall()
    assert stats["compaction_behind"] == 0


def test_the_note_beside_the_database_follows_the_commits(
    tmp_path: Path, store: EmbeddedRecordStore, clock: SteppedClock
) -> None:
    feed = Feed(store)
    feed.schema()
    store._housekeeper.tick()
    assert (tmp_path / "records.commits").read_text().split() == [store.incarnation, "1"]


def test_a_backlog_does_not_wait_for_the_hour(
    store: EmbeddedRecordStore, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store._housekeeper.tick()
    monkeypatch.setattr("watchkeeper.hub.storage.embedded.housekeeping.MOST_REPORTS", 100)
    feed = Feed(store)
    feed.schema()
    feed.send([report(NOW - 86_400 + at * 10, [1, 2, 3]) for at in range(101)])
    store._housekeeper.tick()
    assert store.stats()["journal_reports"] == 0
    assert len(store.ledger(1, 0, 4e9)) == 101


def test_a_host_with_more_than_fits_into_memory_is_compacted_in_parts(tmp_path: Path) -> None:
    from watchkeeper.wire.records import SCHEMA, pack_schema

    number, payload = pack_schema([(f"wide.{at}", "gauge", "") for at in range(5_000)])
    store = EmbeddedRecordStore(tmp_path, SteppedClock(NOW), housekeeping=False)
    feed = Feed(store)
    feed.send(others=[(SCHEMA, payload)])
    for at in range(30):
        feed.send([report(NOW + at * 60 + k, [float(at)] * 5_000, number) for k in range(10)])
    outcome = store.compact_now()
    assert outcome.reports == 300
    assert outcome.peak_kib < 200 * 1024
    assert len(store.ledger(1, 0, 4e9)) == 300
    store.close()
