"""Disks restored from a copy, machines rolled back while they run, hubs restored from a backup."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.fault.spool.test_sick_disks import Held, account, drain, fill, put
from tests.support.small_hub import SmallHub
from watchkeeper.base.clock import SteppedClock
from watchkeeper.uplink.spool import Spool
from watchkeeper.wire import frames
from watchkeeper.wire.frames import METRICS, URGENT


def ask(spool: Spool, hub: SmallHub, everything: bool = False) -> None:
    for stream in spool.streams(everything):
        spool.accept(hub.receipt(stream))
    if everything:
        spool.settle(hub.incarnation)


def once(hub: SmallHub, held: Held) -> None:
    """Each payload is stored exactly once."""
    payloads = hub.payloads()
    assert sorted(payloads) == sorted(set(payloads)), "something is stored twice"
    assert set(held.values()) <= set(payloads), "something is lost"


def test_a_spool_rolled_back_to_a_copy_gives_no_number_twice(tmp_path: Path) -> None:
    hub = SmallHub()
    spool = Spool(str(tmp_path / "spool"))
    held = dict(put(spool, METRICS, n) for n in range(10))
    spool.sync()
    shutil.copytree(tmp_path / "spool", tmp_path / "copy")
    held.update(put(spool, METRICS, n) for n in range(10, 30))
    spool.sync()
    ask(spool, hub, everything=True)
    drain(spool, hub)
    spool.close()
    shutil.rmtree(tmp_path / "spool")
    (tmp_path / "copy").rename(tmp_path / "spool")
    spool = Spool(str(tmp_path / "spool"))
    held.update(put(spool, METRICS, n) for n in range(100, 120))
    spool.sync()
    ask(spool, hub, everything=True)
    drain(spool, hub)
    assert len(hub.payloads()) == 50
    once(hub, held)
    assert not hub.lost
    spool.close()


def test_batches_that_only_the_lost_future_had_are_named(tmp_path: Path) -> None:
    hub = SmallHub()
    spool = Spool(str(tmp_path / "spool"))
    fill(spool, METRICS, 5)
    shutil.copytree(tmp_path / "spool", tmp_path / "copy")
    held = fill(spool, METRICS, 5)
    post = spool.next_post()
    assert post is not None
    sent = frames.read_post(post.body)
    hub._take_frame(sent.stream, sent.frames[-1])  # the last arrives first, and the disk goes back before the others
    spool.close()
    spool = Spool(str(tmp_path / "copy"))
    ask(spool, hub, everything=True)
    drain(spool, hub)
    assert account(hub, held) == (1, 4)
    assert [gap["reason"] for gap in hub.gaps] == ["rolled back"]
    spool.close()


def future(spool: Spool, hub: SmallHub, count: int) -> None:
    """What the machine does after the snapshot and before it is rolled back: only the hub remembers it."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        for number in range(count):
            put(spool, METRICS, 1000 + number)
        spool.sync()
        post = spool.next_post()
        assert post is not None
        with os.fdopen(send, "wb") as pipe:
            pipe.write(post.body)
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as pipe:
        hub.take(pipe.read())
    assert os.waitpid(child, 0)[1] == 0


def roll_back(sizes: dict[Path, int], folder: Path) -> None:
    """Put the disk back to what it was."""
    for path in folder.rglob("*.seg"):
        if path in sizes:
            os.truncate(path, sizes[path])
        else:
            path.unlink()


def test_a_machine_rolled_back_while_it_ran_moves_into_a_new_stream(tmp_path: Path) -> None:
    for offline in (3, 8):  # fewer and more batches than the lost future had
        folder = tmp_path / str(offline)
        hub = SmallHub()
        spool = Spool(str(folder))
        held = fill(spool, METRICS, 5)
        ask(spool, hub, everything=True)
        drain(spool, hub)
        sizes = {path: path.stat().st_size for path in folder.rglob("*.seg")}
        future(spool, hub, 5)
        roll_back(sizes, folder)
        held = {}
        for number in range(offline):
            name, payload = put(spool, METRICS, 2000 + number)
            held[name] = payload
        spool.sync()
        ask(spool, hub)
        drain(spool, hub)
        assert len(hub.payloads()) == 5 + 5 + offline
        once(hub, held)
        assert not hub.lost
        assert spool.stats()["batches"] == 0
        spool.close()
        spool = Spool(str(folder))
        ask(spool, hub, everything=True)
        drain(spool, hub)
        assert len(hub.payloads()) == 5 + 5 + offline
        spool.close()


def test_a_batch_that_is_not_durable_yet_is_not_taken_for_the_one_of_a_lost_future(tmp_path: Path) -> None:
    hub = SmallHub()
    spool = Spool(str(tmp_path))
    fill(spool, METRICS, 5)
    ask(spool, hub, everything=True)
    drain(spool, hub)
    sizes = {path: path.stat().st_size for path in tmp_path.rglob("*.seg")}
    future(spool, hub, 1)
    roll_back(sizes, tmp_path)
    name, payload = put(spool, METRICS, 2000)
    ask(spool, hub)
    spool.sync()
    drain(spool, hub)
    assert len(hub.payloads()) == 5 + 1 + 1
    once(hub, {name: payload})
    spool.close()


def test_a_hub_restored_from_a_backup_gets_again_what_is_kept(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    hub = SmallHub()
    held = fill(spool, METRICS, 10)
    drain(spool, hub)
    backup = hub.copy()
    held |= fill(spool, METRICS, 10) | fill(spool, URGENT, 3)
    drain(spool, hub)
    backup.incarnation = "restored"
    held |= fill(spool, METRICS, 1)
    drain(spool, backup)
    assert account(backup, held) == (24, 0)
    assert not backup.gaps
    assert spool.incarnation == "restored"
    spool.close()


def test_what_is_no_longer_kept_for_a_restored_hub_is_named(tmp_path: Path) -> None:
    clock = SteppedClock()
    spool = Spool(str(tmp_path), keep_seconds=60.0, clock=clock)
    hub = SmallHub()
    early = fill(spool, METRICS, 10)
    drain(spool, hub)
    spool.close()
    spool = Spool(str(tmp_path), keep_seconds=60.0, clock=clock)
    clock.advance(100.0)
    late = fill(spool, METRICS, 10)
    drain(spool, hub)
    assert len(list((tmp_path / "metrics").glob("*.seg"))) == 1, "the first stream is no longer kept"
    spool.close()
    spool = Spool(str(tmp_path), keep_seconds=1e9, clock=clock)
    empty = SmallHub("restored")
    ask(spool, empty)
    assert spool.accept(empty.receipt(next(iter(early))[0])) is False
    ask(spool, empty, everything=True)
    drain(spool, empty)
    assert account(empty, early) == (0, 10)
    assert account(empty, late) == (10, 0)
    assert {gap["reason"] for gap in empty.gaps} == {"hub restored"}
    spool.close()


def test_a_gap_that_the_restored_hub_forgot_is_declared_again(tmp_path: Path) -> None:
    clock = SteppedClock()
    spool = Spool(str(tmp_path), keep_seconds=60.0, clock=clock)
    held = fill(spool, METRICS, 5)
    spool.close()
    (path,) = (tmp_path / "metrics").glob("*.seg")
    path.unlink()
    hub = SmallHub()
    spool = Spool(str(tmp_path), keep_seconds=60.0, clock=clock)
    drain(spool, hub)
    assert account(hub, held) == (0, 5)
    spool.close()
    clock.advance(100.0)
    spool = Spool(str(tmp_path), keep_seconds=60.0, clock=clock)
    spool.sync()
    assert not list((tmp_path / "urgent").glob("*.seg")), "the gap itself is no longer kept"
    empty = SmallHub("restored")
    ask(spool, empty, everything=True)
    spool.sync()
    drain(spool, empty)
    assert account(empty, held) == (0, 5)
    spool.close()
