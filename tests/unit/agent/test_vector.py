"""The list of series keeps its order and its limits."""

from __future__ import annotations

import math

from watchkeeper.agent.vector import Vector
from watchkeeper.wire.records import unpack_schema


def report(vector: Vector, now: float, samples: dict[str, float]) -> dict[str, float]:
    """One report as the hub would read it."""
    vector.begin(now)
    vector.fill(samples)
    values = vector.finish()
    _, series = unpack_schema(vector.schema)
    return dict(zip((name for name, _, _ in series), values, strict=True))


def test_kind_and_unit_come_from_the_catalogue() -> None:
    vector = Vector()
    report(vector, 0.0, {"disk.used{mount=/}": 1.0, "unheard.of": 2.0})
    assert unpack_schema(vector.schema)[1] == [("disk.used{mount=/}", "gauge", "B"), ("unheard.of", "gauge", "")]


def test_a_series_that_pauses_is_unknown_and_keeps_its_place() -> None:
    vector = Vector()
    report(vector, 0.0, {"load.1": 1.0, "load.5": 2.0})
    number = vector.number
    paused = report(vector, 5.0, {"load.5": 3.0})
    assert math.isnan(paused["load.1"])
    assert paused["load.5"] == 3.0
    assert report(vector, 10.0, {"load.1": 4.0, "load.5": 5.0}) == {"load.1": 4.0, "load.5": 5.0}
    assert vector.number == number


def test_a_new_series_joins_at_the_end_and_makes_a_new_schema() -> None:
    vector = Vector()
    report(vector, 0.0, {"load.1": 1.0})
    number = vector.number
    assert list(report(vector, 5.0, {"load.15": 9.0, "load.1": 1.0})) == ["load.1", "load.15"]
    assert vector.number != number


def test_a_series_that_is_gone_for_long_leaves_the_list() -> None:
    vector = Vector(keep=100.0)
    report(vector, 0.0, {"load.1": 1.0, "load.5": 1.0})
    assert "load.5" in report(vector, 99.0, {"load.1": 1.0})
    report(vector, 101.0, {"load.1": 1.0})
    assert list(report(vector, 202.0, {"load.1": 7.0})) == ["load.1"]


def test_series_over_the_limit_are_left_out_and_counted_and_the_others_go_on() -> None:
    vector = Vector(most=10)
    found = report(vector, 0.0, {f"x{number}": float(number) for number in range(15)})
    assert list(found.values()) == [float(number) for number in range(10)]
    assert len(vector.capped) == 5
