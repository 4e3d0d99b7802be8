"""Whatever is compacted, merged or folded: the answers stay the same, and every report is there once."""

from __future__ import annotations

import numpy as np
import pytest

from tests.contract.records.conftest import Reopen
from tests.contract.records.feed import NOW, SCHEMA_PAYLOAD, SERIES, Feed, report
from watchkeeper.base.clock import SteppedClock
from watchkeeper.hub.model.records import Range
from watchkeeper.hub.storage.embedded.store import EmbeddedRecordStore
from watchkeeper.wire.records import SCHEMA, pack_schema

HOUR, DAY = 3600.0, 86_400.0
NAMES = [name for name, _, _ in SERIES]
LOAD, BYTES, DISK = NAMES


def fill(feed: Feed, start: float, seconds: float, step: float = 10.0, received: float | None = None) -> None:
    """Reports every `step` seconds: a wave, a counter that grows by 5 a second, and a value of two decimals."""
    times = np.arange(start, start + seconds, step)
    size = 60 if received is not None else max(1, int(120 / step))
    for at in range(0, len(times), size):
        part = times[at : at + size]
        values = [[np.sin(t / 500) * 3, (t - NOW + 10 * DAY) * 5, round(t % 97 / 97 * 100, 2)] for t in part.tolist()]
        reports = [report(t, v) for t, v in zip(part.tolist(), values, strict=True)]
        feed.send(reports, received=float(part[-1]) if received is None else received)


def ledger(store: EmbeddedRecordStore, host: int = 1) -> list[tuple[int, int]]:
    return [(row.seq, row.index) for row in store.ledger(host, 0, 4e9)]


def assert_same(before: Range, after: Range, rtol: float = 0.0) -> None:
    assert (before.step, before.resolution) == (after.step, after.resolution)
    np.testing.assert_array_equal(before.times, after.times)
    for old, new in zip(before.lines, after.lines, strict=True):
        assert old.series == new.series
        for name in ("low", "mean", "high"):
            np.testing.assert_allclose(getattr(old, name), getattr(new, name), rtol=rtol, atol=rtol, err_msg=name)


@pytest.fixture
def feed(store: EmbeddedRecordStore) -> Feed:
    feed = Feed(store)
    feed.schema()
    return feed


def test_raw_values_are_the_same_after_compaction(store: EmbeddedRecordStore, feed: Feed) -> None:
    fill(feed, NOW, 2 * HOUR)
    queries = [(NOW, NOW + 2 * HOUR, 2000), (NOW + 600, NOW + 700, 500), (NOW, NOW + 2 * HOUR, 100)]
    before = [store.range(1, NAMES, *query) for query in queries]
    names = ledger(store)
    store.compact_now()
    assert store.stats()["journal_reports"] == 0
    for query, old in zip(queries, before, strict=True):
        assert_same(old, store.range(1, NAMES, *query))
    assert ledger(store) == names
    assert len(names) == 720


def test_rollups_are_the_same_from_the_journal_and_from_the_disk(store: EmbeddedRecordStore, feed: Feed) -> None:
    fill(feed, NOW - DAY, DAY, step=60)
    before = [store.range(1, NAMES, NOW - DAY, NOW, points) for points in (288, 100, 24)]
    assert [one.resolution for one in before] == ["5m", "5m", "1h"]
    store.compact_now()
    after = [store.range(1, NAMES, NOW - DAY, NOW, points) for points in (288, 100, 24)]
    for old, new in zip(before, after, strict=True):
        assert_same(old, new, rtol=1e-6)
    rates = after[0].lines[1].mean
    np.testing.assert_allclose(rates[~np.isnan(rates)], 5.0, rtol=1e-6)
    assert not np.isnan(rates).any()


def test_late_data_merges_into_closed_hours_and_their_rollups(store: EmbeddedRecordStore, feed: Feed) -> None:
    fill(feed, NOW - 6 * HOUR, HOUR)
    fill(feed, NOW - 4 * HOUR, HOUR)
    store.compact_now()
    fill(feed, NOW - 5 * HOUR, HOUR, received=NOW)
    fill(feed, NOW - 4 * HOUR + 5, HOUR, received=NOW)
    assert len(ledger(store)) == 360 * 4
    open_answer = store.range(1, NAMES, NOW - 6 * HOUR, NOW, 72)
    store.compact_now()
    names = ledger(store)
    assert len(names) == len(set(names)) == 360 * 4
    assert_same(open_answer, store.range(1, NAMES, NOW - 6 * HOUR, NOW, 72), rtol=1e-6)
    complete = store.completeness(1, NOW - 6 * HOUR, NOW, 6)
    assert complete.received == [360, 360, 720, 0, 0, 0]
    assert complete.late == [0, 360, 360, 0, 0, 0]
    assert complete.late_spans == [(NOW - 5 * HOUR, NOW - 3 * HOUR)]


def test_days_merge_and_rollups_fold_without_a_change(
    store: EmbeddedRecordStore, feed: Feed, clock: SteppedClock
) -> None:
    other = Feed(store, 2)
    other.schema()
    start = NOW // DAY * DAY - 2 * DAY
    for hour in range(48):
        fill(feed, start + hour * HOUR, HOUR, step=60)
        fill(other, start + hour * HOUR, HOUR / 2, step=60)
        if hour % 20 == 0:
            store.compact_now()
    store.compact_now()
    names = ledger(store), ledger(store, 2)
    before = [store.range(host, NAMES, start, start + 2 * DAY, points) for host in (1, 2) for points in (9999, 500, 40)]
    clock.advance(9 * DAY)
    store.compact_now()
    after = [store.range(host, NAMES, start, start + 2 * DAY, points) for host in (1, 2) for points in (9999, 500, 40)]
    for old, new in zip(before, after, strict=True):
        assert_same(old, new)
    assert (ledger(store), ledger(store, 2)) == names
    assert len(names[0]) == 2880


def test_late_data_merges_into_a_merged_day(store: EmbeddedRecordStore, feed: Feed, clock: SteppedClock) -> None:
    start = NOW // DAY * DAY - 2 * DAY
    fill(feed, start, 3 * HOUR)
    fill(feed, start + 4 * HOUR, 3 * HOUR)
    store.compact_now()
    store.compact_now()
    fill(feed, start + 3 * HOUR, HOUR, received=NOW)
    store.compact_now()
    assert len(ledger(store)) == 360 * 7
    found = store.range(1, NAMES, start, start + 7 * HOUR, 84)
    assert found.resolution == "5m"
    assert not np.isnan(found.lines[1].mean).any()
    assert store.completeness(1, start, start + 7 * HOUR, 7).late == [0, 0, 0, 360, 0, 0, 0]


def test_a_schema_that_changes_within_an_hour_loses_nothing(store: EmbeddedRecordStore, feed: Feed) -> None:
    wider = [*SERIES, ("disk.percent{mount=/mnt}", "gauge", "%")]
    number, payload = pack_schema(wider)
    feed.send([report(NOW + at, [1, at, 2]) for at in range(10)])
    feed.send([report(NOW + at, [1, at, 2, at], number) for at in range(10, 20)], others=[(SCHEMA, payload)])
    feed.send([report(NOW + at, [1, at, 2]) for at in range(20, 30)])
    before = store.range(1, [LOAD, "disk.percent{mount=/mnt}"], NOW, NOW + 30, 100)
    store.compact_now()
    after = store.range(1, [LOAD, "disk.percent{mount=/mnt}"], NOW, NOW + 30, 100)
    assert_same(before, after)
    assert np.isnan(after.lines[1].mean).tolist() == [True] * 10 + [False] * 10 + [True] * 10


def test_a_report_whose_schema_never_comes_is_quarantined_and_released_when_it_does(store: EmbeddedRecordStore) -> None:
    feed = Feed(store)
    feed.send([report(NOW, [1, 2, 3]), report(NOW + 1, [4, 5, 6])])
    store.compact_now()
    assert store.completeness(1, NOW, NOW + 60, 1).quarantined == 2
    feed.send(others=[(SCHEMA, SCHEMA_PAYLOAD)])
    assert store.completeness(1, NOW, NOW + 60, 1).quarantined == 0
    assert store.range(1, [LOAD], NOW, NOW + 60, 10).lines[0].mean.tolist() == [1.0, 4.0]
    store.compact_now()
    assert ledger(store) == [(1, 0), (1, 1)]


def test_compacted_data_survives_reopening_with_the_last_hour_in_memory(
    store: EmbeddedRecordStore, feed: Feed, reopen: Reopen, clock: SteppedClock
) -> None:
    fill(feed, NOW, HOUR)
    clock.advance(HOUR)
    for one in (LOAD, BYTES):
        metric = one.split("{")[0]
        before = store.recent([1], metric, 60)[1]
        store.compact_now()
        store = reopen()
        after = store.recent([1], metric, 60)[1]
        np.testing.assert_allclose(before, after, rtol=1e-6)
        assert np.isnan(before).sum() <= 1
    assert store.series(1)[0].name == LOAD
    assert [host for host, *_ in store.last_reports()] == [1]


def test_unknown_values_survive_compaction(store: EmbeddedRecordStore, feed: Feed) -> None:
    nan = float("nan")
    feed.send([report(NOW + at, [nan if at % 3 else at, nan, at]) for at in range(100)])
    before = store.range(1, NAMES, NOW, NOW + 100, 500)
    store.compact_now()
    assert_same(before, store.range(1, NAMES, NOW, NOW + 100, 500))
    assert np.isnan(before.lines[1].mean).all()


def test_reports_with_absurd_times_are_kept_where_they_say(store: EmbeddedRecordStore, feed: Feed) -> None:
    times = [0.0, 5.5, NOW, NOW + 400 * DAY, 32_000_000_000.0]
    feed.send([report(time, [1, 2, 3]) for time in times])
    store.compact_now()
    assert [row.time for row in store.ledger(1, 0, 4e10)] == times


def test_expired_data_goes_and_the_file_shrinks(store: EmbeddedRecordStore, feed: Feed, clock: SteppedClock) -> None:
    for host in range(2, 6):
        other = Feed(store, host)
        other.schema()
        fill(other, NOW - 20 * DAY, 6 * HOUR)
    fill(feed, NOW - HOUR, HOUR)
    store.compact_now()
    full = store.stats()
    clock.advance(29 * DAY)
    store.compact_now()
    after = store.stats()
    assert after["chunks_bytes"] < full["chunks_bytes"] / 4
    found = store.range(2, NAMES, NOW - 20 * DAY, NOW - 20 * DAY + 6 * HOUR, 500)
    assert found.resolution == "5m"
    assert not np.isnan(found.lines[0].mean[:72]).any()
    clock.advance(170 * DAY)
    store.compact_now()
    assert store.range(2, NAMES, NOW - 20 * DAY, NOW - 20 * DAY + 6 * HOUR, 500).resolution == "1h"
    clock.advance(2000 * DAY)
    store.compact_now()
    assert store.stats()["chunks_bytes"] == 0
    assert store.stats()["rollups_bytes"] == 0


def test_data_that_comes_after_its_raw_neighbours_expired_is_added_to_their_rollups(
    store: EmbeddedRecordStore, feed: Feed, clock: SteppedClock
) -> None:
    feed.send([report(NOW + at, [2, at, 0]) for at in range(0, 1800, 60)], received=NOW + 1800)
    store.compact_now()
    clock.advance(40 * DAY)
    store.compact_now()
    assert store.stats()["chunks_bytes"] == 0
    for first, last in ((1500, 3000), (3000, 3600)):
        feed.send([report(NOW + at, [8, at, 0]) for at in range(first, last, 60)], received=clock.wall())
        store.compact_now()
    found = store.range(1, [LOAD], NOW, NOW + HOUR, 12)
    assert found.resolution == "5m"
    line = found.lines[0]
    assert line.mean.tolist() == [2.0] * 5 + [5.0] + [8.0] * 6
    assert (line.low[5], line.high[5]) == (2.0, 8.0)
    assert store.completeness(1, NOW, NOW + HOUR, 1).received == [65]
