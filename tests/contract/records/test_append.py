"""What is appended is there, whole, after any restart."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.contract.records.conftest import Reopen
from tests.contract.records.feed import NOW, SCHEMA_NUMBER, SCHEMA_PAYLOAD, SERIES, Feed, report
from watchkeeper.hub.model.records import Series, StoredGap
from watchkeeper.hub.storage.interfaces import RecordStore
from watchkeeper.wire.records import EVENT, SCHEMA

LOAD = "load.1"


def test_a_report_is_read_back_as_a_point(store: RecordStore) -> None:
    feed = Feed(store)
    feed.schema()
    feed.send([report(NOW + 5, [1.5, 100, 40.0])])
    found = store.range(1, [LOAD], NOW, NOW + 60, 500)
    assert found.resolution == "raw"
    assert found.times.tolist() == [NOW + 5]
    assert found.lines[0].mean.tolist() == [1.5]
    assert found.lines[0].low is found.lines[0].mean


def test_reports_survive_reopening(store: RecordStore, reopen: Reopen) -> None:
    feed = Feed(store)
    feed.schema()
    for step in range(20):
        feed.send([report(NOW + step, [step, step, step])])
    again = reopen()
    assert again.range(1, [LOAD], NOW, NOW + 60, 500).lines[0].mean.tolist() == list(range(20))
    assert [one.name for one in again.series(1)] == [name for name, _, _ in SERIES]


def test_a_stream_is_known_by_its_committed_state(store: RecordStore, reopen: Reopen) -> None:
    feed = Feed(store)
    assert store.stream(feed.stream) is None
    feed.schema()
    feed.ranges.add(5, 6)
    store.append([], [feed.state(duplicates=3)])
    for open_store in (lambda: store, reopen):
        one = open_store()
        state = one.stream(feed.stream)
        assert state is not None
        assert list(state.ranges) == [(1, 1), (5, 6)]
        assert (state.host, state.lane, state.check, state.duplicates) == (1, 3, 11, 3)


def test_the_schema_of_a_host_is_found_by_its_number(store: RecordStore) -> None:
    Feed(store).schema()
    assert store.schema(1, SCHEMA_NUMBER) == [Series(*entry) for entry in SERIES]
    assert store.schema(2, SCHEMA_NUMBER) is None


def test_reports_wait_for_a_schema_that_comes_later(store: RecordStore) -> None:
    feed = Feed(store)
    feed.send([report(NOW + 1, [1, 2, 3])])
    assert store.range(1, [LOAD], NOW, NOW + 60, 500).times.tolist() == []
    feed.schema()
    assert store.range(1, [LOAD], NOW, NOW + 60, 500).lines[0].mean.tolist() == [1.0]


def test_unknown_and_infinite_values_are_unknown(store: RecordStore) -> None:
    feed = Feed(store)
    feed.schema()
    feed.send([report(NOW, [math.nan, 1, 1]), report(NOW + 1, [math.inf, 1, 1]), report(NOW + 2, [2.0, 1, 1])])
    values = store.range(1, [LOAD], NOW, NOW + 60, 500).lines[0].mean
    assert np.isnan(values).tolist() == [True, True, False]


def test_reports_out_of_order_come_out_in_order(store: RecordStore) -> None:
    feed = Feed(store)
    feed.schema()
    feed.send([report(NOW + at, [at, at, at]) for at in (30, 10, 20)])
    assert store.range(1, [LOAD], NOW, NOW + 60, 500).times.tolist() == [NOW + 10, NOW + 20, NOW + 30]


def test_many_points_become_steps_with_minimum_mean_and_maximum(store: RecordStore) -> None:
    feed = Feed(store)
    feed.schema()
    feed.send([report(NOW + at, [at % 10, at, at]) for at in range(600)])
    found = store.range(1, [LOAD], NOW, NOW + 600, 60)
    assert len(found.times) <= 60
    line = found.lines[0]
    assert (line.low.min(), line.high.max()) == (0.0, 9.0)
    assert (line.low <= line.mean).all()
    assert (line.mean <= line.high).all()


def test_a_counter_can_be_asked_as_a_rate(store: RecordStore) -> None:
    feed = Feed(store)
    feed.schema()
    feed.send([report(NOW + at, [0, value, 0]) for at, value in ((0, 100), (10, 200), (20, 50), (30, 150))])
    line = store.range(1, [SERIES[1][0]], NOW, NOW + 60, 500, rate=True).lines[0]
    assert np.isnan(line.mean[[0, 2]]).all(), "the first reading and the one after a reset have no rate"
    assert line.mean[[1, 3]].tolist() == [10.0, 10.0]


def test_the_newest_report_of_each_host_comes_back(store: RecordStore, reopen: Reopen) -> None:
    for host in (1, 2):
        feed = Feed(store, host)
        feed.schema()
        feed.send([report(NOW + 1, [1, 2, 3])])
        feed.send([report(NOW + 2, [host, 2, 3])], received=NOW + 3)
    for open_store in (lambda: store, reopen):
        one = open_store()
        newest = {host: (received, number, payload) for host, received, number, payload in one.last_reports()}
        assert newest == {h: (NOW + 3, SCHEMA_NUMBER, report(NOW + 2, [h, 2, 3])) for h in (1, 2)}


def test_events_come_newest_first_and_only_of_the_hosts_asked_for(store: RecordStore) -> None:
    for host in (1, 2):
        feed = Feed(store, host, lane=1)
        for at in range(3):
            feed.event("disk.full", NOW + at, mount=f"/{at}")
    events = store.events([1], NOW, NOW + 10, 2)
    assert [(event.host, event.time, event.data) for event in events] == [
        (1, NOW + 2, {"mount": "/2"}),
        (1, NOW + 1, {"mount": "/1"}),
    ]
    assert events[0].cursor > events[1].cursor
    assert store.events([], NOW, NOW + 10, 10) == []


def test_a_snapshot_is_found_as_it_was_at_a_time(store: RecordStore) -> None:
    feed = Feed(store, lane=2)
    feed.snapshot("facts", NOW, {"cores": 2})
    feed.snapshot("facts", NOW + 10, {"cores": 2})
    feed.snapshot("facts", NOW + 20, {"cores": 4})
    assert store.snapshot(1, "facts") == (NOW + 20, {"cores": 4})
    assert store.snapshot(1, "facts", NOW + 15) == (NOW + 10, {"cores": 2})
    assert store.snapshot(1, "facts", NOW - 1) is None
    assert store.snapshot(1, "packages") is None


def test_a_late_snapshot_changes_only_its_own_time(store: RecordStore) -> None:
    feed = Feed(store, lane=2)
    for at, cores in ((0, 2), (20, 2), (10, 4)):
        feed.snapshot("facts", NOW + at, {"cores": cores})
    found = [store.snapshot(1, "facts", NOW + at) for at in (5, 12, 25)]
    assert [one and one[1]["cores"] for one in found] == [2, 4, 2]


def test_gaps_are_found_by_the_time_of_the_lost_data_or_else_of_the_note(store: RecordStore) -> None:
    feed = Feed(store)
    timed = StoredGap(1, 3, feed.stream, 1, 4, 4, 40, NOW - 500, NOW - 400, "quota", NOW)
    untimed = StoredGap(1, 3, feed.stream, 5, 5, 1, None, None, None, "damaged", NOW)
    store.append([], [feed.state()], [timed, untimed])
    assert store.gaps(1, NOW - 450, NOW - 440) == [timed]
    assert store.gaps(1, NOW - 1, NOW + 1) == [untimed]
    assert store.gaps(2, 0, NOW * 2) == []


@pytest.mark.parametrize("payload", [b"{", b"[]", b'{"type": "x"}', b'{"type": "\\ud800", "time": 1, "data": {}}'])
def test_a_record_that_cannot_be_read_stops_nobody_else(store: RecordStore, payload: bytes) -> None:
    feed = Feed(store)
    feed.send([report(NOW, [1, 2, 3])], others=[(SCHEMA, SCHEMA_PAYLOAD), (EVENT, payload), (99, b"")])
    assert store.range(1, [LOAD], NOW, NOW + 60, 500).lines[0].mean.tolist() == [1.0]
    assert store.completeness(1, NOW, NOW + 60, 1).quarantined == 2


def test_a_report_without_a_sensible_time_is_quarantined(store: RecordStore) -> None:
    feed = Feed(store)
    feed.send([report(time, [1, 2, 3]) for time in (math.nan, math.inf, -5.0, 1e300)] + [b"short"])
    assert store.completeness(1, NOW, NOW + 60, 1).quarantined == 5


def test_a_commit_that_fails_leaves_nothing(store: RecordStore) -> None:
    feed = Feed(store)
    feed.schema()
    bad = StoredGap(1, 3, feed.stream, 1, 1, 1, None, None, None, "quota", NOW)
    bad.reason = None  # type: ignore[assignment]
    with pytest.raises(Exception, match="NOT NULL"):
        feed.send([report(NOW, [1, 2, 3])], gaps=[bad])
    assert store.range(1, [LOAD], NOW, NOW + 60, 500).times.tolist() == []
    state = store.stream(feed.stream)
    assert state is not None
    assert state.ranges.last == 1


def test_incarnation_stays_over_a_restart(store: RecordStore, reopen: Reopen) -> None:
    before = store.incarnation
    assert reopen().incarnation == before
