"""The last hour in memory: minute means of every series of every host, for sparklines and the fleet."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from watchkeeper.hub.storage.embedded.block import Block, from_reports
from watchkeeper.hub.storage.embedded.journal import HEAD, Entry
from watchkeeper.hub.storage.embedded.names import Names
from watchkeeper.hub.storage.embedded.rates import tail_of, with_rates

MINUTES = 64
Float32s = NDArray[np.float32]


class _Ring:
    """Minute means of one host: slot `minute % MINUTES` of each series. A counter's is its rate."""

    __slots__ = ("counters", "counts", "means", "newest", "series", "tail", "waiting", "waiting_minute")

    def __init__(self) -> None:
        self.series: dict[int, int] = {}
        self.means: Float32s = np.full((0, MINUTES), np.nan, np.float32)
        self.counts = np.zeros((0, MINUTES), np.uint8)
        self.newest = 0
        self.waiting: list[bytes] = []
        self.waiting_minute = 0
        self.counters: set[int] = set()
        self.tail: Block | None = None

    def grow(self, series: Iterable[int], names: Names) -> None:
        for number in series:
            if number not in self.series:
                self.series[number] = len(self.series)
                if names[number].kind == "counter":
                    self.counters.add(number)
        missing = len(self.series) - len(self.means)
        if missing:
            self.means = np.vstack([self.means, np.full((missing, MINUTES), np.nan, np.float32)])
            self.counts = np.vstack([self.counts, np.zeros((missing, MINUTES), np.uint8)])

    def advance(self, minute: int) -> None:
        """Make `minute` the newest; slots that come round again begin empty."""
        if minute <= self.newest:
            return
        if minute - self.newest >= MINUTES:
            slots = np.arange(MINUTES)
        else:
            slots = np.arange(self.newest + 1, minute + 1) % MINUTES
        self.means[:, slots] = np.nan
        self.counts[:, slots] = 0
        self.newest = minute

    def add(self, block: Block, names: Names) -> None:
        """Fold reports in; those older than the ring are left out."""
        self.grow(block.columns, names)
        minutes = (block.times // 60).astype(np.int64)
        values = with_rates(block, self.counters, self.tail)
        rows = [self.series[number] for number in values.columns]
        matrix = np.array(list(values.columns.values()))
        for minute in np.unique(minutes).tolist():
            self.advance(minute)
            if minute > self.newest - MINUTES:
                self._fold(rows, minute % MINUTES, matrix[:, minutes == minute])
        self._remember(block)

    def _remember(self, block: Block) -> None:
        """Keep the newest reading of the counters: the next rate begins there."""
        if self.tail is None or block.times[-1] >= self.tail.times[-1]:
            self.tail = tail_of(block, self.counters)

    def _fold(self, rows: list[int], slot: int, matrix: NDArray[np.float64]) -> None:
        known = ~np.isnan(matrix)
        added = known.sum(axis=1)
        before = self.counts[rows, slot].astype(np.int64)
        total = np.where(before > 0, self.means[rows, slot], 0.0) * before + np.where(known, matrix, 0.0).sum(axis=1)
        count = before + added
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            self.means[rows, slot] = np.where(count > 0, total / count, np.nan)
        self.counts[rows, slot] = np.minimum(count, 255)

    def line(self, number: int, now_minute: int, minutes: int) -> Float32s:
        """The last `minutes` minutes up to and with `now_minute`, NaN for unknown."""
        wanted = np.arange(now_minute - minutes + 1, now_minute + 1)
        at = self.series.get(number)
        if at is None:
            return np.full(minutes, np.nan, np.float32)
        line: Float32s = self.means[at, wanted % MINUTES]
        line[(wanted > self.newest) | (wanted <= self.newest - MINUTES)] = np.nan
        return line


class Recent:
    """A ring a host. Reports of the running minute wait as they came until the minute is over or asked for."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._lock = threading.Lock()
        self._rings: dict[int, _Ring] = {}

    def add(self, entries: Iterable[Entry]) -> None:
        """Note reports that were just committed."""
        with self._lock:
            for entry in entries:
                ring = self._rings.get(entry.host)
                if ring is None:
                    ring = self._rings[entry.host] = _Ring()
                minute = int(entry.time // 60)
                if minute != ring.waiting_minute or len(ring.waiting) >= 60:
                    self._settle(entry.host, ring)
                    ring.waiting_minute = minute
                ring.waiting.append(entry.payload)

    def add_block(self, host: int, block: Block) -> None:
        """Fold in what was stored before this process began."""
        if len(block):
            with self._lock:
                self._rings.setdefault(host, _Ring()).add(block, self._names)

    def _settle(self, host: int, ring: _Ring) -> None:
        if ring.waiting:
            waiting, ring.waiting = ring.waiting, []
            heads = np.zeros(len(waiting), HEAD)
            block, _ = from_reports(heads, waiting, self._names.schemas(host))
            if len(block):
                ring.add(block, self._names)

    def minutes(self, hosts: Iterable[int], metric: str, now_minute: int, count: int) -> dict[int, Float32s]:
        """For each host that has the metric: the mean over its series, the last `count` minutes."""
        found: dict[int, Float32s] = {}
        numbers = self._names.of_metric(metric)
        with self._lock:
            for host in hosts:
                ring = self._rings.get(host)
                if ring is None:
                    continue
                self._settle(host, ring)
                lines = [ring.line(number, now_minute, count) for number in numbers if number in ring.series]
                if lines:
                    found[host] = lines[0] if len(lines) == 1 else mean_of(np.array(lines))
        return found

    def drop_host(self, host: int) -> None:
        with self._lock:
            self._rings.pop(host, None)


def mean_of(lines: Float32s) -> Float32s:
    """The mean over the first axis of what is known."""
    known = ~np.isnan(lines)
    count = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Float32s = (np.where(known, lines, 0).sum(axis=0) / count).astype(np.float32)
    return mean
