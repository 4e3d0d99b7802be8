"""Atomic replacement, backoff and clocks."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.faulty_files import Crash, FaultyFiles, always
from watchkeeper.base.backoff import Backoff
from watchkeeper.base.clock import Clock, SteppedClock
from watchkeeper.base.files import Files, write_atomically


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(str(path), b"old")
    write_atomically(str(path), b"new", mode=0o640)
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("operation", ["open", "write", "sync", "rename"])
def test_a_failed_replacement_leaves_the_old_and_no_rubbish(tmp_path: Path, operation: str) -> None:
    path = tmp_path / "file"
    write_atomically(str(path), b"old")
    files = FaultyFiles()
    files.fault = always(errno.ENOSPC, operation)
    with pytest.raises(OSError, match="space"):
        write_atomically(str(path), b"new", files=files)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_crash_at_any_step_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for step in range(1, 6):
        write_atomically(str(path), b"old" * 100)
        files = FaultyFiles()
        files.crash_at = step
        with pytest.raises(Crash):
            write_atomically(str(path), b"new" * 100, files=files)
        assert path.read_bytes() in (b"old" * 100, b"new" * 100)


def test_reading_is_bounded_by_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    files = Files()
    fd = files.open(str(path), os.O_RDONLY)
    assert files.read(fd, 4, 3) == b"3456"
    assert files.read(fd, 40, 8) == b"89"
    assert files.read(fd, 4, 10) == b""
    assert files.size(fd) == 10
    files.close(fd)


def test_a_lock_is_for_one(tmp_path: Path) -> None:
    files = Files()
    one = files.open(str(tmp_path / "lock"), os.O_RDWR | os.O_CREAT)
    other = files.open(str(tmp_path / "lock"), os.O_RDWR)
    files.lock(one)
    with pytest.raises(BlockingIOError):
        files.lock(other)
    files.close(one)
    files.lock(other)
    files.close(other)


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 2000), st.floats(0, 500))
def test_delays_stay_between_the_wish_of_the_server_and_the_cap(fraction: float, tries: int, at_least: float) -> None:
    backoff = Backoff(1.0, 60.0, lambda: fraction)
    backoff.tries = tries
    delay = backoff.next(at_least)
    assert at_least <= delay <= max(60.0, at_least + 1.0)
    backoff.reset()
    assert backoff.next() <= 1.0


def test_delays_are_spread_over_the_whole_range() -> None:
    backoff = Backoff()
    backoff.tries = 10
    delays = [backoff.next() for _ in range(300)]
    assert min(delays) < 10
    assert max(delays) > 50


def test_a_stepped_clock_moves_as_it_is_told() -> None:
    clock = SteppedClock(wall=100.0, monotonic=5.0)
    clock.advance(2.0)
    clock.step_wall(-50.0)
    assert (clock.wall(), clock.monotonic()) == (52.0, 7.0)


def test_waiting_ends_when_the_event_is_set() -> None:
    event = threading.Event()
    assert not Clock().wait(event, 0.001)
    event.set()
    assert Clock().wait(event, 60.0)
