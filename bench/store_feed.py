"""Puts the data set into a record store the way ingest does: groups of batches, one commit each."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bench.dataset import SCHEMA_PAYLOAD, STEP, SyntheticHost, rounds
from watchkeeper.base.clock import SteppedClock
from watchkeeper.hub.model.records import Batch, StreamState
from watchkeeper.hub.storage.embedded.store import EmbeddedRecordStore
from watchkeeper.wire.ranges import Ranges
from watchkeeper.wire.records import SCHEMA

START = 1_760_054_400.0  # 2025-10-10 00:00:00 UTC


class Filled:
    """A store with the data set in it. `cpu` is seconds of this process inside `append`, `walls` of each commit."""

    def __init__(self, folder: Path, hosts: int, group: int = 100) -> None:
        self.folder = folder
        self.clock = SteppedClock(wall=START)
        self.store = EmbeddedRecordStore(folder, self.clock, housekeeping=False)
        self.hosts = hosts
        self.group = group
        self.reports = 0
        self.cpu = 0.0
        self.walls: list[float] = []
        self._fleet = [SyntheticHost(key) for key in range(1, hosts + 1)]
        self._ranges = {key: Ranges() for key in range(1, hosts + 1)}
        for key in self._ranges:
            self._commit([self._batch(key, START, [], [(0, SCHEMA, SCHEMA_PAYLOAD)])])

    def fill(
        self,
        start: float,
        steps: int,
        each_hour: Callable[[], None] | None = None,
        spacing: float = STEP,
        hosts: int | None = None,
    ) -> None:
        """Append `steps` rounds of reports of the first `hosts`; call `each_hour` when an hour is over."""
        for at, payloads in rounds(self._fleet[:hosts], steps, start, spacing):
            self.clock.step_wall(at - self.clock.wall())
            if each_hour is not None and at > start and at % 3600 == 0:
                each_hour()
            batches = [self._batch(key, at + 0.1, [(0, data)], []) for key, data in enumerate(payloads, 1)]
            for first in range(0, len(batches), self.group):
                self._commit(batches[first : first + self.group])

    def commit_one(self) -> None:
        """One commit with an empty batch of the first host."""
        self._commit([self._batch(1, self.clock.wall(), [], [])])

    def reopen(self) -> EmbeddedRecordStore:
        """The store again, after it was closed."""
        return EmbeddedRecordStore(self.folder, self.clock, housekeeping=False)

    def _batch(
        self, key: int, received: float, reports: list[tuple[int, bytes]], others: list[tuple[int, int, bytes]]
    ) -> Batch:
        ranges = self._ranges[key]
        seq = ranges.last + 1
        ranges.add(seq, seq)
        self.reports += len(reports)
        return Batch(key, key.to_bytes(16, "big"), 3, seq, seq, received, reports, others)

    def _commit(self, batches: list[Batch]) -> None:
        states = [(b.stream, StreamState(b.host, 3, self._ranges[b.host], b.crc)) for b in batches]
        began, cpu = time.perf_counter(), time.thread_time()
        self.store.append(batches, states)
        self.cpu += time.thread_time() - cpu
        self.walls.append(time.perf_counter() - began)
