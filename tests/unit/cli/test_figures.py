from __future__ import annotations

import pytest

from watchkeeper.cli import figures


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "%", "–"),
        (12.34, "%", "12.3%"),
        (0.0, "B", "0 B"),
        (1536.0, "B", "1.5 KiB"),
        (3.5 * 1024**3, "B", "3.5 GiB"),
        (1500.0, "B/s", "1.5 kB/s"),
        (999.0, "B/s", "999 B/s"),
        (12.0, "1/s", "12/s"),
        (42.0, "°C", "42 °C"),
        (0.25, "", "0.25"),
        (1234567.0, "", "1.2M"),
        (273600.0, "s", "3 d 4 h"),
    ],
)
def test_a_figure_is_written_by_the_meaning_of_its_unit(value: float | None, unit: str, text: str) -> None:
    assert figures.figure(value, unit) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.03, "30 ms"), (12, "12 s"), (240, "4 min"), (3600, "1 h"), (18120, "5 h 2 min"), (86400, "1 d"), (None, "–")],
)
def test_a_duration_has_at_most_two_parts(seconds: float | None, text: str) -> None:
    assert figures.duration(seconds) == text


def test_ages_are_told_as_a_person_would() -> None:
    assert figures.ago(None, 100.0) == "never"
    assert figures.ago(99.5, 100.0) == "just now"
    assert figures.ago(100.0, 340.0) == "4 min ago"
