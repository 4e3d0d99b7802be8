"""The data on which ingest, disk and queries are measured, so that figures compare.

A host has 10 constants (up to 2^36), 20 counters with Poisson increments, 15 percentages as random walks (σ = 1)
rounded to 2 decimals, 10 memory sizes as walks of ±50 pages of 4,096 bytes, and 5 series that are zero 97% of the time.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from watchkeeper.wire.records import REPORT_HEADER, pack_schema

SERIES: list[tuple[str, str, str]] = [
    *[(f"constant.{n}", "gauge", "") for n in range(10)],
    *[(f"counter.{n}", "counter", "B") for n in range(20)],
    *[(f"percent.{n}", "gauge", "%") for n in range(15)],
    *[(f"memory.{n}", "gauge", "B") for n in range(10)],
    *[(f"rare.{n}", "gauge", "") for n in range(5)],
]
SCHEMA_NUMBER, SCHEMA_PAYLOAD = pack_schema(SERIES)
STEP = 10.0
PAGE = 4096.0


class SyntheticHost:
    """One host of the data set; the same `key` and `seed` give the same values."""

    def __init__(self, key: int, seed: int = 1) -> None:
        self._rng = np.random.default_rng((seed, key))
        self.key = key
        self.boot = zlib.crc32(b"boot %d" % key)
        self._constants = np.floor(2.0 ** self._rng.uniform(0, 36, 10))
        self._counters = np.floor(self._rng.uniform(0, 1e9, 20))
        self._increments = self._rng.uniform(1, 1000, 20)
        self._percents = self._rng.uniform(20, 80, 15)
        self._pages = np.floor(self._rng.uniform(1e5, 2e6, 10))

    def matrix(self, steps: int) -> NDArray[np.float64]:
        """The next `steps` reports (rows) of 60 values."""
        rng = self._rng
        values = np.empty((steps, len(SERIES)))
        values[:, :10] = self._constants
        values[:, 10:30] = self._counters + np.cumsum(rng.poisson(self._increments, (steps, 20)), axis=0)
        walk = np.empty((steps, 15))
        for at, change in enumerate(rng.normal(0, 1, (steps, 15))):
            self._percents = np.clip(self._percents + change, 0, 100)
            walk[at] = self._percents
        values[:, 30:45] = np.round(walk, 2)
        self._counters = values[-1, 10:30].copy()
        pages = np.maximum(self._pages + np.cumsum(rng.integers(-50, 51, (steps, 10)), axis=0), 0)
        self._pages = pages[-1]
        values[:, 45:55] = pages * PAGE
        values[:, 55:] = np.where(rng.random((steps, 5)) < 0.97, 0.0, np.round(rng.exponential(100, (steps, 5)), 1))
        return values

    def payloads(self, start: float, steps: int, spacing: float = STEP) -> list[bytes]:
        """The next `steps` reports as they travel, one every `spacing` seconds from `start`."""
        pack = REPORT_HEADER.pack
        return [
            pack(start + at * spacing, 1000.0 + at * spacing, SCHEMA_NUMBER, self.boot) + row.tobytes()
            for at, row in enumerate(self.matrix(steps).astype("<f8", copy=False))
        ]


def rounds(
    fleet: Sequence[SyntheticHost], steps: int, start: float, spacing: float = STEP, at_once: int = 30
) -> Iterator[tuple[float, list[bytes]]]:
    """Time by time: the next report of each host; `at_once` are made ahead."""
    for done in range(0, steps, at_once):
        count = min(at_once, steps - done)
        ahead = [host.payloads(start + done * spacing, count, spacing) for host in fleet]
        for at in range(count):
            yield start + (done + at) * spacing, [payloads[at] for payloads in ahead]
