"""Closed days become one chunk in the same run that adds late reports to them."""

from __future__ import annotations

from tests.contract.records.conftest import Reopen
from tests.contract.records.feed import NOW, Feed, report
from watchkeeper.base.clock import SteppedClock

HOUR = 3600.0


def test_late_reports_for_a_day_that_is_merged_in_the_same_run_are_kept_once(
    reopen: Reopen, clock: SteppedClock
) -> None:
    store = reopen()
    feed = Feed(store)
    feed.schema()
    for hour in range(3):
        feed.send([report(NOW + hour * HOUR + at, (hour, at, 0.0)) for at in range(5)])
        store.compact_now()
    feed.send([report(NOW + hour * HOUR + 60 + at, (hour, 60 + at, 0.0)) for at in range(5) for hour in range(3)])
    clock.advance(40 * HOUR)
    store.compact_now()
    for hour in range(3):
        start = NOW + hour * HOUR
        assert len(store.range(1, ["load.1"], start, start + 500, 500).times) == 10
    assert sum(store.completeness(1, NOW, NOW + 3 * HOUR, 1).received) == 30
