"""Processes are killed at random moments; afterwards every committed report is there exactly once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.contract.records.feed import NOW, Feed, report
from tests.unit.storage.appender import HOSTS
from watchkeeper.base.clock import SteppedClock
from watchkeeper.base.errors import StorageError
from watchkeeper.hub.storage.embedded.store import EmbeddedRecordStore

ROOT = Path(__file__).parents[3]
KILLS = 8


@contextmanager
def appender(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.unit.storage.appender", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def run_and_kill(folder: Path, seconds: float) -> dict[int, int]:
    """Let it append for `seconds` after its first commit, kill it; the last committed batch of each host."""
    committed: dict[int, int] = {}
    with appender(folder) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        killer = threading.Timer(seconds, process.send_signal, [signal.SIGKILL])
        killer.start()
        for line in [first, *process.stdout]:
            if line.endswith("\n"):
                host, seq = line.split()
                committed[int(host)] = int(seq)
        killer.join()
    return committed


def assert_exactly_once(folder: Path, committed: dict[int, int]) -> None:
    store = EmbeddedRecordStore(folder, SteppedClock(NOW), housekeeping=False)
    try:
        for host in range(1, HOSTS + 1):
            feed = Feed(store, host)
            last = feed.ranges.last
            assert list(feed.ranges) == [(1, last)]
            assert last >= committed.get(host, 0)
            rows = store.ledger(host, 0, 4e9)
            named = sorted((row.seq, row.index) for row in rows)
            assert named == [(seq, index) for seq in range(2, last + 1) for index in (0, 1)]
            assert [row.time for row in rows] == sorted(row.time for row in rows)
            values = store.range(host, ["load.1"], rows[0].time, rows[-1].time + 1, 10**7).lines[0].mean
            assert sorted(values.tolist()) == [float(seq) for seq, _ in named]
    finally:
        store.close()


def test_hub_killed_at_random_moments_keeps_each_report_once(tmp_path: Path) -> None:
    random.seed(8)
    committed: dict[int, int] = {}
    for _ in range(KILLS):
        committed.update(run_and_kill(tmp_path, random.uniform(0.05, 1.5)))
        assert_exactly_once(tmp_path, committed)
    assert min(committed.values()) > KILLS


def test_compactor_killed_at_random_moments_changes_nothing(tmp_path: Path) -> None:
    random.seed(9)
    store = EmbeddedRecordStore(tmp_path, SteppedClock(NOW), housekeeping=False)
    feed = Feed(store)
    feed.schema()
    for hour in range(40):
        feed.send([report(NOW - hour * 3600 + at, [at, at, at]) for at in range(0, 3600, 60)])
    expected = sorted((row.seq, row.index) for row in store.ledger(1, 0, 4e9))
    killed = 0
    for _ in range(KILLS):
        failed: list[StorageError] = []
        thread = threading.Thread(target=compact, args=(store, failed))
        thread.start()
        killed += kill_compactor(store, random.uniform(0, 0.6))
        thread.join()
        assert sorted((row.seq, row.index) for row in store.ledger(1, 0, 4e9)) == expected
    assert killed > 0
    store.compact_now()
    assert store.stats()["journal_reports"] == 0
    assert sorted((row.seq, row.index) for row in store.ledger(1, 0, 4e9)) == expected
    store.close()


def compact(store: EmbeddedRecordStore, failed: list[StorageError]) -> None:
    try:
        store.compact_now()
    except StorageError as error:
        failed.append(error)


def kill_compactor(store: EmbeddedRecordStore, delay: float) -> int:
    """Kill the compactor `delay` seconds after it is there; 1 when it still was."""
    deadline = time.monotonic() + 10
    while (pid := store.compactor_pid) is None:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    time.sleep(delay)
    if store.compactor_pid != pid:
        return 0
    # The process is a child of this one and not yet reaped, so the number cannot belong to another.
    os.kill(pid, signal.SIGKILL)
    return 1


def test_an_early_end_of_the_compactor_is_an_error_that_can_be_retried(tmp_path: Path) -> None:
    store = EmbeddedRecordStore(tmp_path, SteppedClock(NOW), housekeeping=False)
    feed = Feed(store)
    feed.schema()
    for at in range(2000):
        feed.send([report(NOW + at, [1, 2, 3])])
    failed: list[StorageError] = []
    thread = threading.Thread(target=compact, args=(store, failed))
    thread.start()
    assert kill_compactor(store, 0.0) == 1
    thread.join()
    assert failed
    assert failed[0].retryable
    with pytest.raises(StorageError):
        raise failed[0]
    store.close()
