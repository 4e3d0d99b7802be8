"""A block: reports of one host as columns, the form in which they are queried and compacted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from watchkeeper.hub.model.records import Floats
from watchkeeper.wire.records import REPORT_HEADER

# Who a report is, kept for ever beside its values. `stream` is a row of `streams`.
ORIGIN = np.dtype([("stream", "<u4"), ("index", "<u4"), ("seq", "<u8"), ("boot", "<u4"), ("late", "<u4")])

# A report that arrives this many seconds after its own time counts as late.
LATE_AFTER = 120.0


class Block:
    """`times` in rising order, `origins` of the same length, and a column a series, NaN for unknown."""

    __slots__ = ("columns", "origins", "times")

    def __init__(self, times: Floats, origins: NDArray[np.void], columns: dict[int, Floats]) -> None:
        self.times = times
        self.origins = origins
        self.columns = columns

    def __len__(self) -> int:
        return len(self.times)

    def window(self, start: float, end: float) -> Block:
        """The reports with a time in [start, end); shares memory with this block."""
        first, last = np.searchsorted(self.times, (start, end))
        if first == 0 and last == len(self.times):
            return self
        return Block(
            self.times[first:last],
            self.origins[first:last],
            {series: column[first:last] for series, column in self.columns.items()},
        )


def empty_block() -> Block:
    return Block(np.empty(0), np.empty(0, ORIGIN), {})


def join(blocks: Sequence[Block]) -> Block:
    """All reports of `blocks` in order of time; a series that a block lacks is unknown there."""
    blocks = [block for block in blocks if len(block)]
    if not blocks:
        return empty_block()
    if len(blocks) == 1:
        return blocks[0]
    times = np.concatenate([block.times for block in blocks])
    origins = np.concatenate([block.origins for block in blocks])
    order = _order(times, origins)
    columns: dict[int, Floats] = {}
    for series in dict.fromkeys(series for block in blocks for series in block.columns):
        parts = [block.columns.get(series) for block in blocks]
        column = np.concatenate(
            [np.full(len(block), np.nan) if part is None else part for block, part in zip(blocks, parts, strict=True)]
        )
        columns[series] = column if order is None else column[order]
    return Block(times, origins, columns) if order is None else Block(times[order], origins[order], columns)


def _order(times: Floats, origins: NDArray[np.void]) -> NDArray[np.int64] | None:
    """The order by time, then by name of the report; None when it is so already."""
    if bool(np.all(times[1:] > times[:-1])):
        return None
    return np.lexsort((origins["index"], origins["seq"], origins["stream"], times))


def from_reports(
    heads: NDArray[np.void],
    payloads: Sequence[bytes],
    schemas: Mapping[int, Sequence[int]],
    wanted: Collection[int] | None = None,
) -> tuple[Block, list[int]]:
    """The block of raw reports, and the positions of those that no schema describes.

    `schemas` gives the series of each schema number; `wanted` limits the columns.
    """
    shapes: dict[tuple[int, int], list[int]] = {}
    for position, payload in enumerate(payloads):
        number = REPORT_HEADER.unpack_from(payload)[2]
        shapes.setdefault((number, len(payload)), []).append(position)
    blocks: list[Block] = []
    unknown: list[int] = []
    for (number, length), positions in shapes.items():
        series = schemas.get(number)
        if series is None or REPORT_HEADER.size + 8 * len(series) != length:
            unknown.extend(positions)
            continue
        data = b"".join([payloads[position] for position in positions])
        blocks.append(_of_one_schema(heads[positions], data, series, wanted))
    return join(blocks), sorted(unknown)


def _of_one_schema(
    heads: NDArray[np.void], data: bytes, series: Sequence[int], wanted: Collection[int] | None
) -> Block:
    shape = np.dtype(
        [("time", "<f8"), ("monotonic", "<f8"), ("schema", "<u4"), ("boot", "<u4"), ("values", "<f8", (len(series),))]
    )
    reports = np.frombuffer(data, shape)
    times = reports["time"].astype(np.float64)
    origins = np.empty(len(reports), ORIGIN)
    for name in ("stream", "index", "seq"):
        origins[name] = heads[name]
    origins["boot"] = reports["boot"]
    origins["late"] = heads["received"] - times > LATE_AFTER
    order = _order(times, origins)
    if order is not None:
        reports, times, origins = reports[order], times[order], origins[order]
    chosen = [at for at, name in enumerate(series) if wanted is None or name in wanted]
    values = np.ascontiguousarray(reports["values"][:, chosen].T)
    return Block(times, origins, {series[at]: finite(column) for at, column in zip(chosen, values, strict=True)})


def finite(column: Floats) -> Floats:
    """`column` with infinities as unknown; changes it in place."""
    column[np.isinf(column)] = np.nan
    return column
