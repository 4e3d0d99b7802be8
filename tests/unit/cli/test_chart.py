from __future__ import annotations

import math
import re

import pytest

from watchkeeper.cli import chart
from watchkeeper.client.model import Line, Range


def line(values: list[float | None], unit: str = "%", low: list[float | None] | None = None) -> Line:
    return Line(name="cpu.percent", metric="cpu.percent", unit=unit, mean=values, min=low, max=values if low else None)


def over(values: list[float | None], **kwargs: object) -> Range:
    steps = [float(index) for index in range(len(values))]
    return Range(
        start=0.0, end=float(len(values)), step=1.0, resolution="raw", times=steps, series=[line(values, **kwargs)]
    )


def cells(text: str) -> list[str]:
    return [row.partition("│")[2] for row in text.splitlines() if "│" in row]


def test_a_rising_line_rises_from_the_lower_left_to_the_upper_right() -> None:
    drawn = cells(chart.draw(over([float(v) for v in range(100)]), "box", 80, 24, rate=False, colours=False))
    first, last = drawn[-1], drawn[0]
    assert first[0] not in " "
    assert first.rstrip() == first[: len(first.rstrip())]
    assert len(last.rstrip()) > len(first.rstrip())


def test_unknown_steps_leave_a_hole_and_are_not_zero() -> None:
    values: list[float | None] = [50.0] * 40 + [None] * 20 + [50.0] * 40
    drawn = cells(chart.draw(over(values), "box", 61, 24, rate=False, colours=False))
    filled = "".join("x" if any(row[column : column + 1].strip() for row in drawn) else "." for column in range(50))
    assert re.fullmatch(r"x+\.{8,}x+", filled), filled


def test_a_step_shows_the_whole_span_from_its_least_to_its_most() -> None:
    found = over([50.0] * 20, low=[50.0] * 20)
    found.series[0].min = [50.0] * 10 + [10.0] + [50.0] * 9
    found.series[0].max = [50.0] * 10 + [90.0] + [50.0] * 9
    drawn = cells(chart.draw(found, "box", 51, 24, rate=False, colours=False))
    assert sum(1 for row in drawn if row.strip()) >= len(drawn) // 2


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 24), (200, 50)])
def test_no_line_is_wider_than_the_terminal(width: int, height: int) -> None:
    text = chart.draw(
        over([math.sin(v / 9) * 40 + 50 for v in range(300)]), "box", width, height, rate=False, colours=False
    )
    assert max(len(row) for row in text.splitlines()) <= width
    assert len(text.splitlines()) <= height


def test_there_are_no_escape_sequences_without_colours_and_some_with_them() -> None:
    found = over([1.0, 2.0, 3.0])
    assert "\x1b" not in chart.draw(found, "box", 80, 24, rate=False, colours=False)
    assert "\x1b[36m" in chart.draw(found, "box", 80, 24, rate=False, colours=True)


def test_a_series_that_is_unknown_throughout_says_so() -> None:
    assert "unknown for all of this time" in chart.draw(over([None, None]), "box", 80, 24, rate=False, colours=False)


def test_an_empty_answer_says_that_there_is_no_data() -> None:
    empty = Range(start=0.0, end=1.0, step=1.0, resolution="raw", times=[], series=[])
    assert chart.draw(empty, "box", 80, 24, rate=False, colours=False) == "No data in that time.\n"


def test_more_series_than_fit_are_counted_and_not_hidden() -> None:
    found = over([1.0, 2.0])
    found.series = found.series * 9
    assert "3 more series" in chart.draw(found, "box", 80, 24, rate=False, colours=False)


@pytest.mark.parametrize(
    ("values", "unit", "limits"),
    [
        ([3.0, 40.0], "%", (0.0, 40.0)),
        ([3.0, 60.0], "%", (0.0, 100.0)),
        ([0.0, 0.0], "B/s", (0.0, 1.0)),
        ([41.0, 44.0], "°C", (41.0, 44.0)),
        ([-5.0, 5.0], "", (-5.0, 5.0)),
    ],
)
def test_amounts_and_shares_begin_at_zero(values: list[float], unit: str, limits: tuple[float, float]) -> None:
    assert chart.bounds(values, unit) == limits


def test_the_summary_takes_the_least_and_the_most_of_all_samples() -> None:
    found = line([10.0, None, 20.0], low=[5.0, None, 15.0])
    found.max = [30.0, None, 40.0]
    assert chart.summary(found, "%") == "last 20.0%  min 5.0%  mean 15.0%  max 40.0%"


def test_a_rate_of_bytes_is_bytes_a_second() -> None:
    assert (chart.rate_unit("B"), chart.rate_unit(""), chart.rate_unit("%")) == ("B/s", "1/s", "%/s")
