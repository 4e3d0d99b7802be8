"""Disks that are full, read-only or failing, and processes that die at every single step."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.faulty_files import Crash, FaultyFiles, HastyFiles, always
from tests.support.small_hub import SmallHub
from watchkeeper.base.clock import SteppedClock
from watchkeeper.base.errors import ConflictError, StorageError
from watchkeeper.base.files import Files
from watchkeeper.uplink.spool import Spool
from watchkeeper.wire import records
from watchkeeper.wire.frames import INVENTORY, METRICS, URGENT
from watchkeeper.wire.ranges import Ranges

Held = dict[tuple[bytes, int], bytes]


def put(spool: Spool, lane: int, number: int, size: int = 500, kind: str = "k") -> tuple[tuple[bytes, int], bytes]:
    payload = b'{"kind":"%s","time":%d,"x":"%s"}' % (kind.encode(), number, b"z" * size)
    code = records.SNAPSHOT if lane == INVENTORY else records.EVENT
    return spool.append(lane, [records.pack(code, payload)]), payload


def fill(spool: Spool, lane: int, batches: int, size: int = 500) -> Held:
    held = dict(put(spool, lane, number, size) for number in range(batches))
    spool.sync()
    return held


def drain(spool: Spool, hub: SmallHub) -> None:
    while (post := spool.next_post()) is not None:
        if not spool.accept(hub.take(post.body)):
            for stream in spool.streams(everything=True):
                spool.accept(hub.receipt(stream))
            spool.settle(hub.incarnation)


def account(hub: SmallHub, held: Held) -> tuple[int, int]:
    arrived = {(stream, seq): payload for stream, seq, _, payload in hub.stored}
    for (stream, seq), payload in held.items():
        if (stream, seq) in arrived:
            assert arrived[stream, seq] == payload
        else:
            assert seq in hub.lost.get(stream, ()), f"batch {seq} of {stream.hex()} is lost in silence"
    kept = sum(1 for name in held if name in arrived)
    return kept, len(held) - kept


def life(files: Files, folder: Path, hub: SmallHub, held: Held, promised: set[tuple[bytes, int]]) -> None:
    """A short life with everything in it: rolling, sending, lost answers, quota, cleaning, closing, opening again."""
    for run in range(2):
        clock = SteppedClock()
        spool = Spool(str(folder), 90_000, 5.0, clock, files, segment_bytes=4096)
        for number in range(12):
            for lane in (METRICS, INVENTORY, URGENT):
                name, payload = put(spool, lane, run * 100 + number, 900)
                held[name] = payload
            if number % 3 == 2:
                sealed = set(held)
                spool.sync()
                promised |= sealed
            if number % 5 == 4:
                post = spool.next_post(3000)
                assert post is not None
                receipt = hub.take(post.body)
                if number == 4:
                    spool.accept(receipt)
            clock.advance(4.0)
        spool.close()
        promised |= set(held)


@pytest.mark.parametrize("power_cut", [False, True])
def test_a_crash_at_every_step_loses_nothing_that_was_synced(tmp_path: Path, power_cut: bool) -> None:
    steps = FaultyFiles()
    life(steps, tmp_path / "whole", SmallHub(), {}, set())
    assert steps.changes > 300
    for step in range(1, steps.changes + 1, 2):
        folder = tmp_path / "crashed"
        files, hub, held, promised = FaultyFiles(), SmallHub(), {}, set()
        files.hasty = True
        files.crash_at = step
        with pytest.raises(Crash):
            life(files, folder, hub, held, promised)
        files.abandon()
        if power_cut:
            files.cut_power()
        spool = Spool(str(folder), 90_000, 5.0, SteppedClock(), HastyFiles(), segment_bytes=4096)
        drain(spool, hub)
        spool.close()
        account(hub, {name: held[name] for name in promised})
        shutil.rmtree(folder)


def test_a_full_disk_gives_up_metrics_first_and_names_them(tmp_path: Path) -> None:
    files = FaultyFiles()
    spool = Spool(str(tmp_path), files=files, segment_bytes=4096)
    held = fill(spool, URGENT, 5) | fill(spool, INVENTORY, 5)
    files.room = 20_000
    held |= fill(spool, METRICS, 100)
    hub = SmallHub()
    drain(spool, hub)
    kept, named = account(hub, held)
    assert 20 < kept < 60
    assert named > 50
    assert {gap["lane"] for gap in hub.gaps} == {"metrics"}
    assert {gap["reason"] for gap in hub.gaps} == {"disk full"}
    assert sum(gap["records"] for gap in hub.gaps) == named
    assert all(0 <= gap["from"] <= gap["to"] < 100 for gap in hub.gaps)
    spool.close()


def test_a_disk_with_no_byte_left_keeps_the_newest_in_memory_and_names_the_rest(tmp_path: Path) -> None:
    files = FaultyFiles()
    spool = Spool(str(tmp_path), files=files)
    files.fault = always(errno.ENOSPC, "write", "open")
    held = fill(spool, METRICS, 2000)
    assert "space" in str(spool.stats()["trouble"])
    assert spool.stats()["in_memory"] == spool.stats()["batches"] > 500
    hub = SmallHub()
    drain(spool, hub)
    kept, named = account(hub, held)
    assert kept > 500
    assert named > 500
    spool.close()


@pytest.mark.parametrize("code", [errno.EROFS, errno.EIO])
def test_a_disk_that_turns_read_only_and_recovers_loses_nothing_that_fits_in_memory(tmp_path: Path, code: int) -> None:
    files = FaultyFiles()
    spool = Spool(str(tmp_path), files=files)
    held = fill(spool, METRICS, 50)
    files.fault = always(code)
    held |= fill(spool, METRICS, 50)
    held |= fill(spool, URGENT, 5)
    files.fault = None
    spool.sync()
    assert spool.stats()["in_memory"] == 0
    assert spool.stats()["trouble"] == ""
    spool.close()
    spool = Spool(str(tmp_path))
    hub = SmallHub()
    drain(spool, hub)
    assert account(hub, held) == (105, 0)
    assert hub.duplicates == 0
    spool.close()


def test_a_spool_on_a_read_only_disk_opens_and_works_from_memory(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    held = fill(spool, METRICS, 5)
    spool.close()
    files = FaultyFiles()
    files.fault = always(errno.EROFS)
    spool = Spool(str(tmp_path), files=files)
    held |= fill(spool, METRICS, 5)
    hub = SmallHub()
    drain(spool, hub)
    assert account(hub, held) == (10, 0)
    spool.close()


@pytest.mark.parametrize("failures", [1, 2, 5])
def test_a_failed_fsync_retires_the_segment_and_writes_its_batches_again(tmp_path: Path, failures: int) -> None:
    files = FaultyFiles()
    spool = Spool(str(tmp_path), files=files)
    held = fill(spool, METRICS, 5)
    left = failures

    def fault(operation: str, path: str) -> None:
        nonlocal left
        if operation == "sync" and left:
            left -= 1
            raise OSError(errno.EIO, "fsync failed")

    files.fault = fault
    for number in range(5, 10):
        name, payload = put(spool, METRICS, number)
        held[name] = payload
    for _ in range(3):
        spool.sync()
    assert left == 0
    assert spool.stats()["in_memory"] == 0
    assert len(list((tmp_path / "metrics").glob("*.seg"))) > 1, "the batches went into a new segment"
    files.abandon()
    spool = Spool(str(tmp_path))
    hub = SmallHub()
    drain(spool, hub)
    assert account(hub, held) == (10, 0)
    spool.close()


def test_batches_are_not_sent_before_they_are_durable(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    put(spool, METRICS, 1)
    assert spool.next_post() is None
    spool.sync()
    post = spool.next_post()
    assert post is not None
    assert post.batches == 1
    spool.close()


def test_a_segment_that_cannot_be_read_is_tried_again_then_named_and_set_aside(tmp_path: Path) -> None:
    files = FaultyFiles()
    spool = Spool(str(tmp_path), files=files)
    held = fill(spool, METRICS, 3)

    def fault(path: str) -> None:
        if "metrics" in path:
            raise OSError(errno.EIO, "bad sector")

    files.read_fault = fault
    assert spool.next_post() is None
    files.read_fault = None
    assert spool.next_post() is not None, "a passing fault costs nothing"
    files.read_fault = fault
    hub = SmallHub()
    for _ in range(4):
        drain(spool, hub)
    assert account(hub, held) == (0, 3)
    assert list((tmp_path / "damaged").iterdir())
    spool.close()


@pytest.fixture
def tmpfs(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 1 MiB."""
    place = tmp_path / "tmpfs"
    place.mkdir()
    mounted = (
        os.getuid() == 0
        and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)], check=False).returncode == 0
    )
    if not mounted:
        pytest.skip("a tmpfs needs root and the right to mount")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_real_full_disk_loses_nothing_in_silence(tmpfs: Path) -> None:
    spool = Spool(str(tmpfs / "spool"), segment_bytes=64 << 10)
    held = fill(spool, URGENT, 20) | fill(spool, INVENTORY, 5)
    for _ in range(60):
        held |= fill(spool, METRICS, 50)
    assert spool.stats()["lost_batches"]
    spool.close()
    spool = Spool(str(tmpfs / "spool"))
    hub = SmallHub()
    drain(spool, hub)
    kept, named = account(hub, held)
    assert kept > 1000
    assert named > 500
    assert {gap["lane"] for gap in hub.gaps} == {"metrics"}
    spool.close()


def test_quota_keeps_the_newest_snapshot_of_each_kind_and_urgent_longest(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path), quota_bytes=200_000, segment_bytes=8192)
    held: Held = {}
    for number in range(300):
        name, payload = put(spool, INVENTORY, number, 400, kind="packages" if number else "services")
        held[name] = payload
        name, payload = put(spool, METRICS, number, 400)
        held[name] = payload
    held |= fill(spool, URGENT, 150)
    hub = SmallHub()
    drain(spool, hub)
    account(hub, held)
    arrived = hub.payloads()
    assert any(b'"services"' in payload for payload in arrived), "the only snapshot of its kind stays"
    assert any(b'"packages","time":299,' in payload for payload in arrived), "the newest stays"
    assert {gap["lane"] for gap in hub.gaps} == {"metrics", "inventory"}
    assert spool.stats()["bytes"] <= 200_000
    spool.close()


def test_batches_in_custody_go_before_any_others(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path), quota_bytes=160_000, segment_bytes=4096)
    held = fill(spool, URGENT, 40, 1000)
    (stream,) = {stream for stream, _ in held}
    spool.note_custody(stream, Ranges([(1, 40)]))
    assert spool.next_post() is None, "what is in custody is not sent again"
    metrics = fill(spool, METRICS, 60, 1000)
    hub = SmallHub()
    spool.note_custody(stream, Ranges())
    drain(spool, hub)
    kept, _ = account(hub, metrics)
    assert kept == 60
    assert account(hub, held)[1] > 5
    spool.close()


def test_one_spool_is_opened_once(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    with pytest.raises(ConflictError, match="in use"):
        Spool(str(tmp_path))
    spool.close()
    Spool(str(tmp_path)).close()


def test_a_folder_that_can_never_work_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be used"):
        Spool(str(tmp_path / "file" / "spool"))


def test_a_date_that_jumps_a_year_deletes_nothing_early(tmp_path: Path) -> None:
    clock = SteppedClock()
    spool = Spool(str(tmp_path), clock=clock, segment_bytes=4096)
    fill(spool, METRICS, 30)
    hub = SmallHub()
    drain(spool, hub)
    for years in (1, -2, 1):
        clock.step_wall(years * 365 * 86400.0)
        clock.advance(60.0)
        spool.sync()
        assert len(list((tmp_path / "metrics").glob("*.seg"))) > 3
    clock.advance(49 * 3600.0)
    spool.sync()
    assert len(list((tmp_path / "metrics").glob("*.seg"))) == 1
    spool.close()


def test_many_starts_do_not_leave_many_segments(tmp_path: Path) -> None:
    hub = SmallHub()
    for _ in range(150):
        spool = Spool(str(tmp_path), files=HastyFiles())
        put(spool, METRICS, 1)
        spool.sync()
        drain(spool, hub)
        spool.close()
    clock = SteppedClock(wall=2e9)
    spool = Spool(str(tmp_path), clock=clock)
    clock.advance(60)
    spool.sync()
    assert not list((tmp_path / "metrics").glob("*.seg"))
    assert len(hub.stored) == 150
    spool.close()


def test_batches_left_behind_in_a_file_that_could_not_even_be_cut_are_not_sent_twice(tmp_path: Path) -> None:
    files = FaultyFiles()
    spool = Spool(str(tmp_path), files=files)
    held = fill(spool, METRICS, 5)
    held |= dict(put(spool, METRICS, number) for number in range(5, 10))
    failed = False

    def fault(operation: str, path: str) -> None:
        nonlocal failed
        if operation == "truncate" or (operation == "sync" and not failed):
            failed = failed or operation == "sync"
            raise OSError(errno.EIO, "the disk is going")

    files.fault = fault
    spool.sync()
    files.abandon()
    first, second = sorted((tmp_path / "metrics").glob("*.seg"))
    assert first.stat().st_size > second.stat().st_size > 64, "both files hold the last five"
    spool = Spool(str(tmp_path))
    hub = SmallHub()
    drain(spool, hub)
    assert account(hub, held) == (10, 0)
    assert hub.duplicates == 0
    spool.close()


def test_a_gap_that_is_itself_given_up_is_said_again(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path), quota_bytes=160_000, segment_bytes=8192)
    metrics = fill(spool, METRICS, 250)
    assert spool.stats()["lost_batches"]
    urgent = fill(spool, URGENT, 400)
    hub = SmallHub()
    drain(spool, hub)
    assert account(hub, urgent)[1] > 100, "segments of the urgent lane went too, those with the first gaps among them"
    assert account(hub, metrics) == (0, 250)
    spool.close()


def test_half_a_batch_that_cannot_be_cut_off_ends_its_segment(tmp_path: Path) -> None:
    files = FaultyFiles()
    spool = Spool(str(tmp_path), files=files)
    held = fill(spool, METRICS, 3)

    def fault(operation: str, path: str) -> None:
        if operation == "truncate":
            files.room = None  # somebody has made room, too late
            raise OSError(errno.EIO, "the disk is going")

    files.room, files.fault = 300, fault
    held |= dict(put(spool, METRICS, number) for number in range(3, 5))
    assert files.room is None
    files.fault = None
    held |= fill(spool, METRICS, 3)
    assert len(list((tmp_path / "metrics").glob("*.seg"))) == 2
    hub = SmallHub()
    drain(spool, hub)
    assert account(hub, held) == (8, 0)
    assert not hub.gaps
    spool.close()
    spool = Spool(str(tmp_path))
    assert spool.stats()["lost_batches"] == 0
    spool.close()
