"""Rollups: minimum, mean, maximum and count of every series over 5 minutes and over an hour.

They are stored metric by metric: a row holds one series of up to 32 hosts (a shard) over a period. A
later row overrides earlier ones for the hosts and times that it covers, so that late data costs a small row; rows
of one period are folded into one now and then. docs/formats/records-db.md holds the bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate, pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from watchkeeper.base.errors import StorageError
from watchkeeper.hub.storage.embedded.block import Block
from watchkeeper.hub.storage.embedded.columns import CONSTANT, PCO_HEADER, decode_column, decompressor, encode_column
from watchkeeper.hub.storage.embedded.steps import DAY, FIVE_MINUTES, HOUR

TIERS = (FIVE_MINUTES, HOUR)
# Rows of a tier are folded into one row a series, shard and period of this many seconds.
PERIODS = {FIVE_MINUTES: DAY, HOUR: 7 * DAY}
SHARD_BITS = 5
SHARD_HOSTS = 1 << SHARD_BITS
# Series that are rolled up at once: a host may have 10,000, and this happens in little memory.
SLAB = 256
# The series whose values are the reports themselves: 1 for one that came late, else 0.
REPORTS = 0

MAGIC = b"WKR1"
_HEADER = struct.Struct("<4sIIBBBBIIII")
_COUNTS, _FLOATS = np.dtype("<u4"), np.dtype("<f4")
LARGEST = float(np.finfo(np.float32).max)
Float32s = NDArray[np.float32]


class Rolled(msgspec.Struct):
    """Statistics of several hosts or series (rows) over several steps (columns); count 0 where unknown."""

    count: NDArray[np.uint32]
    mean: Float32s
    low: Float32s
    high: Float32s


class RollupRow(msgspec.Struct):
    """A row as it lies in the table. `hosts` has a bit for each host of the shard."""

    tier: int
    series: int
    shard: int
    start: int
    span: int
    hosts: int
    arrived: float
    data: bytes


def shard_of(host: int) -> tuple[int, int]:
    """The shard of a host and its bit there."""
    return host >> SHARD_BITS, 1 << (host & (SHARD_HOSTS - 1))


def hosts_of(shard: int, bits: int) -> list[int]:
    """The hosts whose bits are set, in rising order."""
    return [(shard << SHARD_BITS) + at for at in range(SHARD_HOSTS) if bits >> at & 1]


def empty_rolled(rows: int, steps: int) -> Rolled:
    nothing = np.full((rows, steps), np.nan, np.float32)
    return Rolled(np.zeros((rows, steps), np.uint32), nothing, nothing.copy(), nothing.copy())


def roll(block: Block, tier: int, start: int, span: int) -> tuple[list[int], Rolled]:
    """Statistics of every series of `block` (counters already as rates) in steps of `tier` from `start` on.

    The first series is REPORTS.
    """
    steps = span // tier
    series = [REPORTS, *block.columns]
    found = empty_rolled(len(series), steps)
    block = block.window(start, start + span)
    if len(block):
        late = (block.origins["late"] > 0).astype(np.float64)
        places = ((block.times - start) // tier).astype(np.int64)
        firsts = np.flatnonzero(np.diff(places, prepend=-1))
        lines = [late, *block.columns.values()]
        for at in range(0, len(lines), SLAB):
            _fill(found, slice(at, at + SLAB), np.array(lines[at : at + SLAB]), places[firsts], firsts)
    return series, found


def _fill(
    found: Rolled, rows: slice, matrix: NDArray[np.float64], at: NDArray[np.int64], firsts: NDArray[np.int64]
) -> None:
    known = ~np.isnan(matrix)
    count = np.add.reduceat(known, firsts, axis=1, dtype=np.uint32)
    total = np.add.reduceat(np.where(known, matrix, 0.0), firsts, axis=1)
    low = np.fmin.reduceat(matrix, firsts, axis=1)
    high = np.fmax.reduceat(matrix, firsts, axis=1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # Rounding may push a mean out of its own band by the last bit.
        mean = np.clip(total / count, low, high)
    for name, values in (("mean", mean), ("low", low), ("high", high)):
        getattr(found, name)[rows, at] = np.clip(values, -LARGEST, LARGEST)
    found.count[rows, at] = count


def encode_rolled(rolled: Rolled) -> bytes:
    """The bytes of a rollup row: the counts host by host, then of each statistic what is known."""
    count = rolled.count.reshape(-1)
    known = count > 0
    parts = [encode_column(count)]
    for values in (rolled.mean, rolled.low, rolled.high):
        chosen = np.ascontiguousarray(values.reshape(-1)[known])
        parts.append(encode_column(chosen) if len(chosen) else (CONSTANT, b""))
    encodings = [encoding for encoding, _ in parts]
    lengths = [len(data) for _, data in parts]
    header = _HEADER.pack(MAGIC, rolled.count.size, len(PCO_HEADER), *encodings, *lengths)
    return b"".join([header, PCO_HEADER, *[data for _, data in parts]])


def decode_rolled(data: bytes, rows: int, means_only: bool = False) -> Rolled:
    """The statistics in a rollup row of `rows` hosts; with `means_only`, `low` and `high` are the mean."""
    magic, size, header_length, *rest = _HEADER.unpack_from(data)
    if magic != MAGIC or size % rows:
        raise StorageError("a rollup does not begin as one", "restore records.db from a backup")
    reader = decompressor(data[_HEADER.size : _HEADER.size + header_length])
    offset = _HEADER.size + header_length
    ends = list(accumulate(rest[4:], initial=offset))
    pieces = [data[first:last] for first, last in pairwise(ends)]
    count = decode_column(rest[0], pieces[0], size, _COUNTS, reader)
    known = count > 0
    total = int(known.sum())
    found = []
    for encoding, piece in zip(rest[1 : 2 if means_only else 4], pieces[1:], strict=False):
        values = np.full(size, np.nan, np.float32)
        if total:
            values[known] = decode_column(encoding, piece, total, _FLOATS, reader)
        found.append(values.reshape(rows, -1))
    count = count.reshape(rows, -1)
    return Rolled(count, found[0], found[0], found[0]) if means_only else Rolled(count, *found)


class Canvas:
    """Statistics of one series of chosen hosts over [start, end), onto which rows are laid in order."""

    def __init__(self, hosts: Sequence[int], tier: int, start: int, end: int, means_only: bool = False) -> None:
        self.tier = tier
        self.start = start
        self.rolled = empty_rolled(len(hosts), max(0, (end - start) // tier))
        self._rows = {host: at for at, host in enumerate(hosts)}
        self._means_only = means_only
        self._chosen: dict[tuple[int, int], tuple[NDArray[np.int64], NDArray[np.int64], int]] = {}

    def lay(self, row: RollupRow) -> None:
        """Override what lies under `row` for its hosts and its time."""
        mine, theirs, hosts = self._choose(row.shard, row.hosts)
        if len(mine):
            rolled = decode_rolled(row.data, hosts, self._means_only)
            self._override(mine, rolled, theirs, row.start)

    def override(self, at: int, rolled: Rolled, source: int, start: int) -> None:
        """Override the row `at` of the canvas by a row of `rolled`, which begins at `start`."""
        self._override(np.array([at]), rolled, np.array([source]), start)

    def _override(self, mine: NDArray[np.int64], rolled: Rolled, theirs: NDArray[np.int64], start: int) -> None:
        first = (start - self.start) // self.tier
        last = first + rolled.count.shape[1]
        here = slice(max(first, 0), min(last, self.rolled.count.shape[1]))
        if here.start >= here.stop:
            return
        there = slice(here.start - first, here.stop - first)
        for name in ("count", "mean") if self._means_only else ("count", "mean", "low", "high"):
            getattr(self.rolled, name)[mine, here] = getattr(rolled, name)[theirs, there]

    def _choose(self, shard: int, bits: int) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
        """Rows of the canvas, rows of the source, and how many rows the source has."""
        found = self._chosen.get((shard, bits))
        if found is None:
            hosts = hosts_of(shard, bits)
            pairs = [(self._rows[host], at) for at, host in enumerate(hosts) if host in self._rows]
            both = np.array(pairs, np.int64).reshape(-1, 2)
            found = self._chosen[shard, bits] = (both[:, 0], both[:, 1], len(hosts))
        return found


def rollup_rows(
    hosts: Sequence[tuple[int, Block]], start: int, arrived: float, tiers: Collection[int] = TIERS
) -> list[RollupRow]:
    """Rows of one hour (from `start`) of hosts of one shard; counters in the blocks already as rates."""
    rows: list[RollupRow] = []
    for tier in tiers:
        series: dict[int, list[tuple[int, Rolled, int]]] = {}
        for host, block in hosts:
            numbers, rolled = roll(block, tier, start, HOUR)
            for at, number in enumerate(numbers):
                series.setdefault(number, []).append((host, rolled, at))
        rows += [_row(tier, number, start, arrived, members) for number, members in series.items()]
    return rows


def _row(tier: int, series: int, start: int, arrived: float, members: list[tuple[int, Rolled, int]]) -> RollupRow:
    members = sorted(members, key=lambda member: member[0])
    together = Rolled(
        *[np.array([getattr(rolled, name)[at] for _, rolled, at in members]) for name in Rolled.__struct_fields__]
    )
    shard = shard_of(members[0][0])[0]
    bits = sum(shard_of(host)[1] for host, _, _ in members)
    return RollupRow(tier, series, shard, start, HOUR, bits, arrived, encode_rolled(together))


def fold(rows: Iterable[RollupRow], start: int, span: int) -> RollupRow:
    """One row that says what `rows` of one series and shard, in their order, say about a period."""
    rows = list(rows)
    bits = 0
    for row in rows:
        bits |= row.hosts
    canvas = Canvas(hosts_of(rows[0].shard, bits), rows[0].tier, start, start + span)
    for row in rows:
        canvas.lay(row)
    data = encode_rolled(canvas.rolled)
    arrived = max(row.arrived for row in rows)
    return RollupRow(rows[0].tier, rows[0].series, rows[0].shard, start, span, bits, arrived, data)
