"""The spool from its users' side: lanes, order, limits, threads, figures."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tests.support.small_hub import SmallHub
from watchkeeper.base.clock import SteppedClock
from watchkeeper.base.errors import StorageError, TooLargeError
from watchkeeper.uplink.spool import Spool
from watchkeeper.wire import frames, records
from watchkeeper.wire.frames import INVENTORY, METRICS, URGENT
from watchkeeper.wire.ranges import Ranges
from watchkeeper.wire.receipt import Receipt


def record(number: int, size: int = 10) -> bytes:
    return records.pack(records.EVENT, b'{"time":%d,"x":"%s"}' % (number, b"a" * size))


def test_urgent_goes_before_inventory_before_metrics(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    for lane in (METRICS, INVENTORY, URGENT):
        spool.append(lane, [record(lane)])
    spool.sync()
    hub = SmallHub()
    lanes = []
    while (post := spool.next_post()) is not None:
        lanes.append(post.lane)
        spool.accept(hub.take(post.body))
    assert lanes == [URGENT, INVENTORY, METRICS]
    spool.close()


def test_older_streams_go_first_and_posts_keep_to_their_size(tmp_path: Path) -> None:
    for run in range(3):
        spool = Spool(str(tmp_path))
        for number in range(20):
            spool.append(METRICS, [record(run * 20 + number, 500)])
        spool.close()
    spool = Spool(str(tmp_path))
    hub = SmallHub()
    while (post := spool.next_post(2000)) is not None:
        assert len(post.body) <= 2000
        assert post.batches == len(frames.read_post(post.body).frames)
        spool.accept(hub.take(post.body))
    assert hub.payloads() == [record(number, 500)[8:] for number in range(60)]
    assert len(hub.ranges) == 3
    spool.close()


def test_a_batch_larger_than_a_post_goes_alone(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    for size in (10, 5000, 10):
        spool.append(METRICS, [record(1, size)])
    spool.sync()
    sizes = []
    hub = SmallHub()
    while (post := spool.next_post(1000)) is not None:
        sizes.append(post.batches)
        spool.accept(hub.take(post.body))
    assert sizes == [1, 1, 1]
    spool.close()


def test_what_can_never_travel_is_refused_when_it_is_appended(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    with pytest.raises(TooLargeError, match="split"):
        spool.append(METRICS, [records.pack(records.EVENT, os.urandom(2 << 20))])
    with pytest.raises(TooLargeError):
        spool.append(METRICS, [record(1, 5 << 20)])
    spool.append(METRICS, [record(1, 2 << 20)])
    with pytest.raises(ValueError):
        spool.append(METRICS, [])
    with pytest.raises(ValueError):
        spool.append(9, [record(1)])
    spool.close()


def test_receipts_with_holes_send_what_lies_in_the_holes(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    for number in range(1, 11):
        stream, _ = spool.append(METRICS, [record(number)])
    spool.sync()
    assert spool.next_post() is not None
    spool.accept(Receipt(stream, Ranges([(1, 3), (6, 7)]), ""))
    post = spool.next_post()
    assert post is not None
    assert [frame.seq for frame in frames.read_post(post.body).frames] == [4, 5, 8, 9, 10]
    assert spool.stats()["batches"] == 5
    spool.close()


def test_a_receipt_for_an_unknown_stream_changes_nothing(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    spool.append(METRICS, [record(1)])
    spool.sync()
    spool.accept(Receipt(b"?" * 16, Ranges([(1, 100)]), ""))
    assert spool.stats()["batches"] == 1
    spool.close()


def test_the_figures_tell_what_waits_and_since_when(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    for number in range(100, 110):
        spool.append(METRICS, [record(number)])
    spool.append(URGENT, [record(500)])
    spool.sync()
    stats = spool.stats()
    assert (stats["batches"], stats["oldest"], stats["in_memory"], stats["trouble"]) == (11, 100.0, 0, "")
    assert stats["lanes"]["urgent"]["oldest"] == 500.0
    assert stats["lanes"]["inventory"] == {"bytes": 0, "batches": 0, "oldest": None}
    on_disk = sum(path.stat().st_size for path in tmp_path.rglob("*.seg")) + (tmp_path / "reserve").stat().st_size
    assert stats["bytes"] == on_disk
    hub = SmallHub()
    for _ in range(2):
        post = spool.next_post(300)
        assert post is not None
        spool.accept(hub.take(post.body))
    assert spool.stats()["lanes"]["metrics"]["oldest"] == 100.0 + len(hub.stored) - 1
    spool.close()


def test_threads_may_share_a_spool(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path), segment_bytes=16 << 10)
    hub = SmallHub()
    done = threading.Event()

    def append(lane: int) -> None:
        for number in range(300):
            spool.append(lane, [record(lane * 1000 + number, 100)])

    def send() -> None:
        while True:
            last = done.is_set()
            spool.sync()
            post = spool.next_post(4000)
            if post is not None:
                spool.accept(hub.take(post.body))
            elif last:
                return

    writers = [threading.Thread(target=append, args=(lane,)) for lane in (URGENT, INVENTORY, METRICS, METRICS)]
    sender = threading.Thread(target=send)
    for thread in (sender, *writers):
        thread.start()
    for thread in writers:
        thread.join(30)
    done.set()
    sender.join(30)
    assert not sender.is_alive()
    assert len(hub.stored) == 1200
    assert hub.duplicates == 0
    spool.close()


def test_a_closed_spool_takes_nothing_and_gives_nothing(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    stream, _ = spool.append(METRICS, [record(1)])
    spool.close()
    spool.close()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(StorageError, match="closed"):
        spool.append(METRICS, [record(2)])
    spool.sync()
    assert spool.next_post() is None
    spool.accept(Receipt(stream, Ranges([(1, 9)]), "new"))
    spool.settle("new")
    assert sorted(tmp_path.rglob("*")) == before


def test_receipted_segments_are_kept_for_a_while_and_then_deleted(tmp_path: Path) -> None:
    clock = SteppedClock()
    spool = Spool(str(tmp_path), keep_seconds=1000.0, clock=clock, segment_bytes=4096)
    for number in range(40):
        spool.append(METRICS, [record(number, 1000)])
    spool.sync()
    hub = SmallHub()
    while (post := spool.next_post()) is not None:
        spool.accept(hub.take(post.body))
    clock.advance(900.0)
    spool.sync()
    kept = len(list((tmp_path / "metrics").glob("*.seg")))
    assert kept > 5
    clock.advance(200.0)
    spool.sync()
    assert len(list((tmp_path / "metrics").glob("*.seg"))) == 1
    spool.close()
