"""Removing a host removes all of it, and nothing of others."""

from __future__ import annotations

import numpy as np
import pytest

from tests.contract.records.conftest import Reopen
from tests.contract.records.feed import NOW, Feed, report
from watchkeeper.base.clock import SteppedClock
from watchkeeper.hub.storage.embedded.store import EmbeddedRecordStore


def fill(store: EmbeddedRecordStore, host: int, start: float) -> Feed:
    feed = Feed(store, host)
    if not feed.ranges.last:
        feed.schema()
    feed.send([report(start + at, [host, at, at]) for at in range(0, 3600, 60)])
    return feed


@pytest.mark.parametrize("compacted", [False, True])
def test_a_removed_host_is_gone_and_its_neighbours_are_not(
    store: EmbeddedRecordStore, reopen: Reopen, clock: SteppedClock, compacted: bool
) -> None:
    for host in (1, 2):
        fill(store, host, NOW - 7200)
        feed = Feed(store, host, lane=1)
        feed.event("boot", NOW)
        feed.snapshot("facts", NOW, {"cores": host})
    if compacted:
        store.compact_now()
    fill(store, 1, NOW - 3600)
    store.delete_host(1)
    for again in (False, True, False):
        one = reopen() if again else store
        store = one
        assert one.series(1) == []
        assert one.events([1], 0, NOW * 2, 10) == []
        assert one.snapshot(1, "facts") is None
        assert one.ledger(1, 0, 4e9) == []
        assert one.recent([1], "load.1", 60) == {}
        assert [host for host, *_ in one.last_reports()] == [2]
        found = one.fleet([1, 2], "load.1", NOW - 7200, NOW, 24, ["mean"])
        assert found.count.max() == 1
        assert np.nanmax(found.aggregates["mean"]) == 2.0
        assert one.snapshot(2, "facts") == (NOW, {"cores": 2})
        one.compact_now()


def test_a_key_that_is_used_again_begins_anew(store: EmbeddedRecordStore) -> None:
    feed = fill(store, 1, NOW - 7200)
    store.compact_now()
    store.delete_host(1)
    assert store.stream(feed.stream) is None
    fill(store, 1, NOW - 3600)
    store.compact_now()
    assert len(store.ledger(1, 0, 4e9)) == 60
    assert store.completeness(1, NOW - 7200, NOW, 2).received == [0, 60]
