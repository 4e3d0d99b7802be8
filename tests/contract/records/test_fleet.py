"""Aggregates over hosts: of the last hour, of days, of what is still open."""

from __future__ import annotations

import numpy as np
import pytest

from tests.contract.records.feed import NOW, Feed, report
from tests.contract.records.test_compaction import DAY, HOUR
from watchkeeper.base.clock import SteppedClock
from watchkeeper.hub.storage.embedded.store import EmbeddedRecordStore

HOSTS = list(range(1, 41))
AGGREGATES = ["mean", "min", "max", "p50", "p95", "p99"]


@pytest.fixture
def feeds(store: EmbeddedRecordStore) -> list[Feed]:
    feeds = [Feed(store, host) for host in HOSTS]
    for feed in feeds:
        feed.schema()
    return feeds


def fill(store: EmbeddedRecordStore, feeds: list[Feed], start: float, seconds: float, step: float = 60.0) -> None:
    """Host h reports h as its load, a counter that grows by h a second, and 2h percent; host 40 stays silent."""
    for at in np.arange(start, start + seconds, step).tolist():
        batches = [
            feed.batch([report(at, [feed.host, (at - NOW + 40 * DAY) * feed.host, 2 * feed.host])], received=at)
            for feed in feeds[:-1]
        ]
        store.append(batches, [feed.state() for feed in feeds])


def assert_means(store: EmbeddedRecordStore, start: float, end: float, resolution: str) -> None:
    for metric, factor in (("load.1", 1), ("net.bytes", 1), ("disk.percent", 2)):
        found = store.fleet(HOSTS, metric, start, end, 500, AGGREGATES, top=3)
        assert found.resolution == resolution
        known = found.count > 0
        assert found.count[known].max() == 39
        at = int(np.argmax(found.count == 39))
        expected = np.arange(1, 40) * factor
        values = {name: found.aggregates[name][at] for name in AGGREGATES}
        assert values["mean"] == pytest.approx(expected.mean())
        assert (values["min"], values["max"]) == pytest.approx((factor, 39 * factor))
        for name, quantile in (("p50", 50), ("p95", 95), ("p99", 99)):
            assert values[name] == pytest.approx(np.percentile(expected, quantile)), name
        assert [host for host, _ in found.top] == [39, 38, 37]
        assert found.top[0][1] == pytest.approx(39 * factor)


def test_the_last_hour_comes_from_memory(store: EmbeddedRecordStore, feeds: list[Feed], clock: SteppedClock) -> None:
    fill(store, feeds, NOW, HOUR, step=20)
    clock.advance(HOUR)
    assert_means(store, NOW + 60, NOW + HOUR, "1m")
    found = store.fleet(HOSTS, "load.1", NOW + 60, NOW + HOUR, 60, ["mean"])
    assert found.count.tolist() == [39.0] * 59
    store.compact_now()
    assert_means(store, NOW + 60, NOW + HOUR, "1m")


def test_longer_spans_come_from_rollups_with_the_open_hours(
    store: EmbeddedRecordStore, feeds: list[Feed], clock: SteppedClock
) -> None:
    fill(store, feeds, NOW, 4 * HOUR, step=120)
    clock.advance(4 * HOUR)
    spans = [(NOW, NOW + 4 * HOUR, "5m"), (NOW - 3 * DAY, NOW + 4 * HOUR, "1h")]
    for start, end, resolution in spans:
        assert_means(store, start, end, resolution)
    before = [store.fleet(HOSTS, "net.bytes", start, end, 500, AGGREGATES) for start, end, _ in spans]
    store.compact_now()
    for (start, end, resolution), old in zip(spans, before, strict=True):
        assert_means(store, start, end, resolution)
        new = store.fleet(HOSTS, "net.bytes", start, end, 500, AGGREGATES)
        np.testing.assert_array_equal(old.count, new.count)
        for name in AGGREGATES:
            np.testing.assert_allclose(old.aggregates[name], new.aggregates[name], rtol=1e-5)


def test_a_host_with_several_series_of_a_metric_counts_with_their_mean(
    store: EmbeddedRecordStore, clock: SteppedClock
) -> None:
    from watchkeeper.wire.records import SCHEMA, pack_schema

    number, payload = pack_schema([("disk.percent{mount=/}", "gauge", "%"), ("disk.percent{mount=/mnt}", "gauge", "%")])
    feed = Feed(store)
    feed.send([report(NOW + at, [10, 30], number) for at in range(0, 7200, 60)], others=[(SCHEMA, payload)])
    clock.advance(2 * HOUR)
    for _ in range(2):
        found = store.fleet([1], "disk.percent", NOW, NOW + 2 * HOUR, 24, ["mean"])
        assert found.aggregates["mean"].tolist() == [20.0] * 24
        assert store.recent([1], "disk.percent", 5) == {1: [20.0, 20.0, 20.0, 20.0, pytest.approx(np.nan, nan_ok=True)]}
        store.compact_now()


def test_no_hosts_and_no_such_metric_give_nothing_known(store: EmbeddedRecordStore) -> None:
    for hosts, metric in (([], "load.1"), ([1], "nothing")):
        for start in (NOW - 1800, NOW - DAY, NOW - 9 * DAY):
            found = store.fleet(hosts, metric, start, NOW, 50, AGGREGATES, top=3)
            assert not found.count.any()
            assert all(np.isnan(values).all() for values in found.aggregates.values())
            assert found.top == []
