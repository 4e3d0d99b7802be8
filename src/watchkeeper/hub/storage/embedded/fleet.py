"""Aggregates of one metric over many hosts."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from watchkeeper.hub.model.records import FleetRange, Floats
from watchkeeper.hub.storage.embedded.connection import Readers
from watchkeeper.hub.storage.embedded.journal import JournalIndex, Places
from watchkeeper.hub.storage.embedded.minutes import MINUTES
from watchkeeper.hub.storage.embedded.names import Names
from watchkeeper.hub.storage.embedded.ranges import LEAD, Horizons
from watchkeeper.hub.storage.embedded.rates import with_rates
from watchkeeper.hub.storage.embedded.reading import Reader, lay_rollups
from watchkeeper.hub.storage.embedded.recent import Recent
from watchkeeper.hub.storage.embedded.rollups import Canvas, roll, shard_of
from watchkeeper.hub.storage.embedded.steps import DAY, FIVE_MINUTES, HOUR, RESOLUTIONS, Steps, steps_of
from watchkeeper.wire.records import COUNTER

MINUTE = 60
# Up to this span a fleet is shown in 5-minute steps, beyond it by the hour.
FIVE_MINUTE_SPAN = 2 * DAY
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
Grid = NDArray[np.float32]


class Cells(msgspec.Struct):
    """Means and weights of hosts (rows) over cells of `tier` seconds (columns); NaN and 0 where unknown."""

    mean: Grid
    weight: Grid


class Fleet:
    """Answers fleet queries: the last hour from memory, all else from rollups."""

    def __init__(self, readers: Readers, names: Names, reader: Reader, index: JournalIndex, recent: Recent) -> None:
        self._readers = readers
        self._names = names
        self._reader = reader
        self._index = index
        self._recent = recent

    def query(
        self,
        hosts: Sequence[int],
        metric: str,
        window: tuple[float, float],
        points: int,
        now: float,
        horizons: Horizons,
    ) -> tuple[Steps, int, Grid]:
        """Steps, resolution in seconds, and the mean of each host (rows) in each step."""
        start, end = window
        tier = self._tier(start, end, points, now, horizons)
        steps = steps_of(start, end, points, tier)
        if tier == MINUTE:
            cells = self._minutes(hosts, metric, steps, now)
        else:
            cells = self._rolled(hosts, metric, tier, steps, now)
        return steps, tier, _stepped(cells, int(steps.step) // tier)

    def _tier(self, start: float, end: float, points: int, now: float, horizons: Horizons) -> int:
        step = (end - start) / max(points, 1)
        if step < FIVE_MINUTES and start >= now - (MINUTES - 2) * MINUTE:
            return MINUTE
        short = end - start <= FIVE_MINUTE_SPAN and step < HOUR
        return FIVE_MINUTES if short and start >= horizons.five_minutes else HOUR

    def _minutes(self, hosts: Sequence[int], metric: str, steps: Steps, now: float) -> Cells:
        """Cells of a minute from memory."""
        count = int(steps.end - steps.start) // MINUTE
        newest = int(now // MINUTE)
        behind = newest - int(steps.start) // MINUTE + 1
        lines = self._recent.minutes(hosts, metric, newest, max(behind, 1))
        mean = np.full((len(hosts), count), np.nan, np.float32)
        for at, host in enumerate(hosts):
            line = lines.get(host)
            if line is not None:
                mean[at, : min(len(line), count)] = line[:count]
        return Cells(mean, (~np.isnan(mean)).astype(np.float32))

    def _rolled(self, hosts: Sequence[int], metric: str, tier: int, steps: Steps, now: float) -> Cells:
        start, end = int(steps.start), int(steps.end)
        memory = int(now // MINUTE) * MINUTE - (MINUTES - 2) * MINUTE
        first = -(-memory // tier) * tier
        # What lies in the journal and before the last hour in memory (late data, mostly) is read from there.
        behind = self._index.older(hosts, first // HOUR + (first % HOUR > 0))
        places = {host: self._reader.places(host, start - LEAD, min(first, end)) for host in behind}
        shards = [shard_of(host)[0] for host in hosts]
        grids: list[tuple[list[int], Cells]] = []
        with self._readers.snapshot("reading fleet rollups") as db:
            for number in self._names.of_metric(metric):
                rows = self._names.hosts_with(number, hosts)
                if not rows:
                    continue
                having = [hosts[row] for row in rows]
                canvas = Canvas(having, tier, start, end, means_only=True)
                lay_rollups(db, canvas, number, (min(shards), max(shards)), end)
                for host in places.keys() & set(having):
                    self._lay_behind(db, canvas, number, (host, having.index(host)), places[host])
                grids.append((rows, Cells(canvas.rolled.mean, canvas.rolled.count.astype(np.float32))))
        cells = _mean_of_series(grids, len(hosts), (end - start) // tier)
        if first < end:
            self._lay_memory(cells, hosts, metric, tier, (max(first, start), start, end), now)
        return cells

    def _lay_behind(
        self, db: sqlite3.Connection, canvas: Canvas, number: int, host: tuple[int, int], places: Places
    ) -> None:
        """Recompute the hours of one host that the journal still adds to."""
        key, at = host
        counters = {number} if self._names[number].kind == COUNTER else set()
        for start, end in self._reader.touched(db, key, places):
            block = self._reader.read(db, key, places, start - LEAD, end, {number})
            block = with_rates(block, counters).window(start, end)
            series, rolled = roll(block, canvas.tier, start, end - start)
            if number in series:
                canvas.override(at, rolled, series.index(number), start)

    def _lay_memory(
        self, cells: Cells, hosts: Sequence[int], metric: str, tier: int, window: tuple[int, int, int], now: float
    ) -> None:
        """Take the cells from `window[0]` on from the minutes in memory."""
        first, start, end = window
        steps = Steps(first, MINUTE, (end - first) // MINUTE)
        minutes = self._minutes(hosts, metric, steps, now)
        recent = _gathered(minutes, tier // MINUTE)
        at = (first - start) // tier
        known = ~np.isnan(recent.mean)
        cells.mean[:, at:][known] = recent.mean[known]
        # A minute in memory weighs like any other; only steps that mix both kinds of cells see the difference.
        cells.weight[:, at:][known] = recent.weight[known]


def _mean_of_series(grids: Sequence[tuple[list[int], Cells]], hosts: int, cells: int) -> Cells:
    """A host with several series of the metric counts with their mean. Each grid says which hosts it is of."""
    if len(grids) == 1 and len(grids[0][0]) == hosts:
        return grids[0][1]
    total, known, weight = (np.zeros((hosts, cells), np.float32) for _ in range(3))
    for rows, grid in grids:
        present = ~np.isnan(grid.mean)
        total[rows] += np.where(present, grid.mean, 0)
        known[rows] += present
        weight[rows] = np.maximum(weight[rows], grid.weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Cells(total / known, weight)


def _gathered(cells: Cells, factor: int) -> Cells:
    """Cells of `factor` times the length."""
    hosts, count = cells.mean.shape
    shape = (hosts, count // factor, factor)
    weight = cells.weight[:, : shape[1] * factor].reshape(shape)
    mean = cells.mean[:, : shape[1] * factor].reshape(shape)
    total = np.where(weight > 0, mean * weight, 0).sum(axis=2)
    weights = weight.sum(axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Cells(total / weights, weights)


def _stepped(cells: Cells, factor: int) -> Grid:
    return cells.mean if factor == 1 else _gathered(cells, factor).mean


def aggregate(
    window: tuple[float, float],
    steps: Steps,
    tier: int,
    means: Grid,
    hosts: Sequence[int],
    aggregates: Sequence[str],
    top: int,
) -> FleetRange:
    """Statistics over the hosts (rows of `means`) in each step."""
    ordered = np.sort(means, axis=0)
    count = (~np.isnan(means)).sum(axis=0)
    found: dict[str, Floats] = {name: _aggregate(name, ordered, count) for name in aggregates}
    ranked = _ranked(means, hosts, top) if top else []
    resolution = RESOLUTIONS[tier]
    times = steps.times()
    return FleetRange(*window, steps.step, resolution, times, count.astype(np.float64), found, ranked)


def _aggregate(name: str, ordered: Grid, count: NDArray[np.int64]) -> Floats:
    """One aggregate a column; unknown values stand last in each column of `ordered`."""
    if not len(ordered):
        return np.full(len(count), np.nan)
    if name == "mean":
        with np.errstate(invalid="ignore", divide="ignore"):
            mean: Floats = np.nansum(ordered, axis=0, dtype=np.float64) / count
        return mean
    columns = np.arange(len(count))
    if name == "min":
        lowest: Floats = ordered[0].astype(np.float64)
        return lowest
    last = np.maximum(count - 1, 0)
    if name == "max":
        highest: Floats = ordered[last, columns].astype(np.float64)
        return highest
    place = last * QUANTILES[name]
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, last)
    low, high = ordered[below, columns].astype(np.float64), ordered[above, columns].astype(np.float64)
    quantile: Floats = low + (high - low) * (place - below)
    return quantile


def _ranked(means: Grid, hosts: Sequence[int], top: int) -> list[tuple[int, float]]:
    known = ~np.isnan(means)
    present = np.flatnonzero(known.any(axis=1))
    mine = np.where(known, means, 0)[present].sum(axis=1, dtype=np.float64) / known[present].sum(axis=1)
    order = np.argsort(-mine, kind="stable")[:top]
    return [(hosts[at], float(mean)) for at, mean in zip(present[order].tolist(), mine[order].tolist(), strict=True)]
