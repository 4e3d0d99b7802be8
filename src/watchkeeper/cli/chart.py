"""Charts made of braille dots: two dots across and four down in each cell of the terminal."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from watchkeeper.cli import figures, output

if TYPE_CHECKING:
    from watchkeeper.client.model import Line, Range

AXIS = 10
MOST_LINES = 6
# Bits of a braille cell by column and row, from the Unicode standard, block U+2800.
DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
COLOURS = (36, 33, 35, 32, 34, 31)
# Amounts and shares begin at zero; only a temperature may hover.
FROM_ZERO = ("%", "B", "B/s", "1/s", "s", "W", "")


def wants_colours() -> bool:
    """Colours where there is a terminal and nobody said NO_COLOR."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def points_across(width: int) -> int:
    """How many steps a chart of that many columns can show."""
    return max(2, (width - AXIS - 1) * 2)


def draw(found: Range, title: str, width: int, height: int, *, rate: bool, colours: bool) -> str:
    """The range as text: one chart a series, at most six; the whole at most `height` lines where that is possible."""
    lines = found.series[:MOST_LINES]
    if not lines:
        return "No data in that time.\n"
    rows = max(4, min(12, (height - 2) // len(lines) - 3))
    parts = [
        _chart(line, found, title, width, rows, rate=rate, colour=COLOURS[index % len(COLOURS)] if colours else 0)
        for index, line in enumerate(lines)
    ]
    more = len(found.series) - len(lines)
    note = f"… and {more} more series: name one in full, or take --table\n" if more else ""
    return "\n".join(parts) + note


def _chart(line: Line, found: Range, title: str, width: int, rows: int, *, rate: bool, colour: int) -> str:
    unit = rate_unit(line.unit) if rate else line.unit
    known = [value for value in (*line.mean, *(line.min or ()), *(line.max or ())) if value is not None]
    head = f"{title}  {line.name}"
    if not known:
        return f"{head}\n  unknown for all of this time\n"
    low, high = bounds(known, unit)
    columns = width - AXIS - 1
    cells = plot(line, found, columns, rows, low, high)
    paint, plain = (f"\x1b[{colour}m", "\x1b[0m") if colour else ("", "")
    body = []
    for row, text in enumerate(cells):
        label = {0: high, rows - 1: low}.get(row)
        mark = figures.figure(label, unit) if label is not None else ""
        body.append(f"{mark:>{AXIS}}│{paint}{text}{plain}".rstrip())
    body.append(" " * AXIS + "└" + "─" * columns)
    return "\n".join([_fitted(head, summary(line, unit), width), *body, _time_axis(found, columns)]) + "\n"


def plot(line: Line, found: Range, columns: int, rows: int, low: float, high: float) -> list[str]:
    """The cells of a chart, one text a row; each step's span from min to max is filled, unknown leaves a hole."""
    grid = [[0] * columns for _ in range(rows)]
    dots_across, dots_down = columns * 2, rows * 4
    span = max(found.end - found.start, 1e-9)
    before: tuple[int, int] | None = None
    for index, moment in enumerate(found.times):
        mean = line.mean[index]
        if mean is None:
            before = None
            continue
        x = min(dots_across - 1, max(0, int((moment - found.start) / span * dots_across)))
        least = line.min[index] if line.min else None
        most = line.max[index] if line.max else None
        top, bottom = (_row(mean if value is None else value, low, high, dots_down) for value in (most, least))
        middle = _row(mean, low, high, dots_down)
        if before and x - before[0] > 1:
            _join(grid, before, (x, middle))
        elif before:
            # Neighbours meet, so that a steep line has no holes.
            top, bottom = min(top, before[1]), max(bottom, min(before[1], dots_down - 1))
        for y in range(top, bottom + 1):
            _dot(grid, x, y)
        before = (x, middle)
    return ["".join(chr(0x2800 + cell) if cell else " " for cell in row) for row in grid]


def bounds(values: Sequence[float], unit: str) -> tuple[float, float]:
    """Round limits of the vertical axis."""
    low, high = min(values), max(values)
    if unit in FROM_ZERO and low >= 0:
        low = 0.0
    if unit == "%" and low >= 0 and 50 < high <= 100:
        return 0.0, 100.0
    if high <= low:
        high = low + 1.0
    step = 10 ** math.floor(math.log10(high - low)) / 2
    return math.floor(low / step) * step, math.ceil(high / step) * step


def summary(line: Line, unit: str) -> str:
    """Last, least, mean and most in words."""
    means = [value for value in line.mean if value is not None]
    least = min(value for value in (line.min or means) if value is not None)
    most = max(value for value in (line.max or means) if value is not None)
    last = line.last if line.last is not None and unit == line.unit else means[-1]
    parts = (("last", last), ("min", least), ("mean", sum(means) / len(means)), ("max", most))
    return "  ".join(f"{name} {figures.figure(value, unit)}" for name, value in parts)


def rate_unit(unit: str) -> str:
    """The unit of a change per second."""
    return {"B": "B/s", "": "1/s"}.get(unit, f"{unit}/s")


def print_rows(found: Range, rate: bool) -> None:
    """The range as a table, a row a step."""
    columns = ["TIME", *(f">{line.name}" for line in found.series)]
    rows = [
        [
            datetime.fromtimestamp(moment, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S"),
            *(figures.figure(line.mean[index], rate_unit(line.unit) if rate else line.unit) for line in found.series),
        ]
        for index, moment in enumerate(found.times)
    ]
    output.print_table(columns, rows)


def _row(value: float, low: float, high: float, dots_down: int) -> int:
    share = (value - low) / (high - low)
    return min(dots_down - 1, max(0, round((1 - share) * (dots_down - 1))))


def _dot(grid: list[list[int]], x: int, y: int) -> None:
    grid[y // 4][x // 2] |= DOTS[x % 2][y % 4]


def _join(grid: list[list[int]], before: tuple[int, int], to: tuple[int, int]) -> None:
    steps = to[0] - before[0]
    for step in range(1, steps):
        y = round(before[1] + (to[1] - before[1]) * step / steps)
        _dot(grid, before[0] + step, y)


def _fitted(head: str, figures_text: str, width: int) -> str:
    room = width - len(head)
    return f"{head}{figures_text:>{room}}" if room > len(figures_text) + 2 else f"{head}\n{figures_text[:width]}"


def _time_axis(found: Range, columns: int) -> str:
    shape = "%H:%M" if found.end - found.start <= 36 * 3600 else "%d %b %H:%M"
    begin, middle, end = (
        datetime.fromtimestamp(moment, UTC).astimezone().strftime(shape)
        for moment in (found.start, (found.start + found.end) / 2, found.end)
    )
    side = columns // 2 - len(middle) // 2
    return " " * (AXIS + 1) + f"{begin:<{side}}{middle}{end:>{max(0, columns - side - len(middle))}}"
