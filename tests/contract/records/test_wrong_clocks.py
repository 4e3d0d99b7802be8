"""A wrong date, here or at a host, removes nothing."""

from __future__ import annotations

from tests.contract.records.conftest import Reopen
from tests.contract.records.feed import NOW, Feed, report
from watchkeeper.base.clock import SteppedClock

DAY = 86400.0


def test_a_clock_that_jumps_a_year_ahead_removes_nothing_until_it_has_lasted_for_a_day(
    reopen: Reopen, clock: SteppedClock
) -> None:
    store = reopen()
    feed = Feed(store)
    feed.schema()
    feed.event("kept", NOW)
    feed.send([report(NOW + at, (1.0, 2.0, 3.0)) for at in range(10)])
    clock.advance(7200)
    store.compact_now()
    clock.step_wall(400 * DAY)
    store.compact_now()
    assert "ahead" in store.notices()[-1].text
    store = reopen()
    store.compact_now()
    clock.step_wall(-400 * DAY)
    store.compact_now()
    assert store.notices() == []
    assert len(store.range(1, ["load.1"], NOW, NOW + 60, 500).times) == 10
    assert [event.type for event in store.events([1], NOW - 1, NOW + 1, 10)] == ["kept"]


def test_time_that_really_passed_removes_what_is_old(reopen: Reopen, clock: SteppedClock) -> None:
    store = reopen()
    Feed(store).event("gone", NOW)
    clock.advance(366 * DAY)
    store.compact_now()
    assert store.events([1], NOW - 1, NOW + 1, 10) == []


def test_snapshots_of_a_host_whose_clock_is_slow_are_kept_from_when_they_came(
    reopen: Reopen, clock: SteppedClock
) -> None:
    store = reopen()
    feed = Feed(store)
    for at in range(3):
        feed.snapshot("packages", NOW - 800 * DAY + at, {"count": at})
        feed.snapshot("processes", NOW - 800 * DAY + at, {"count": at})
    store.compact_now()
    for kind in ("packages", "processes"):
        for at in range(3):
            found = store.snapshot(1, kind, NOW - 800 * DAY + at)
            assert found is not None
            assert found[1] == {"count": at}
