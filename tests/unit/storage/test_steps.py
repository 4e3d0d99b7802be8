"""Steps, statistics, rates and minute means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.hub.model.records import Series
from watchkeeper.hub.storage.embedded.minutes import MINUTES, MinuteRing
from watchkeeper.hub.storage.embedded.names import Names
from watchkeeper.hub.storage.embedded.rates import rates
from watchkeeper.hub.storage.embedded.steps import Stats, Steps, combine, stats_of, steps_of

NAN = float("nan")


@given(st.floats(0, 4e9), st.floats(0.5, 2e8), st.integers(2, 2000), st.sampled_from([0, 60, 300, 3600]))
def test_steps_cover_the_range_and_are_no_more_than_the_points(
    start: float, span: float, points: int, unit: int
) -> None:
    steps = steps_of(start, start + span, points, unit)
    assert steps.count <= points
    assert steps.start <= start
    assert steps.end >= start + span
    if unit:
        assert steps.step % unit == 0
        assert steps.start % steps.step == 0


def test_a_step_keeps_minimum_mean_maximum_and_leaves_unknown_out() -> None:
    times = np.array([0, 1, 2, 10, 11, 25.0])
    stats = stats_of(times, np.array([1, NAN, 3, 7, 7, NAN]), Steps(0, 10, 3))
    assert stats.low[:2].tolist() == [1, 7]
    assert stats.mean[:2].tolist() == [2, 7]
    assert stats.high[:2].tolist() == [3, 7]
    assert stats.count.tolist() == [2, 2, 0]
    assert np.isnan(stats.mean[2])


def test_statistics_combine_by_weight() -> None:
    parts = Stats(np.array([0.0, 5]), np.array([1.0, 6]), np.array([2.0, 9]), np.array([1.0, 3]))
    whole = combine(np.array([0.0, 300]), parts, Steps(0, 600, 1))
    assert (whole.low[0], whole.mean[0], whole.high[0], whole.count[0]) == (0, 4.75, 9, 4)


@pytest.mark.parametrize(
    ("times", "values", "expected"),
    [
        ([0, 10, 20], [5, 15, 35], [NAN, 1, 2]),
        ([0, 10, 20], [50, 5, 15], [NAN, NAN, 1]),
        ([0, 10, 20, 100, 110], [0, 10, 20, 30, 40], [NAN, 1, 1, NAN, 1]),
        ([0, 10, 20], [0, NAN, 20], [NAN, NAN, NAN]),
        ([0, 0, 10], [0, 5, 15], [NAN, NAN, 1]),
        ([7], [1], [NAN]),
        ([], [], []),
    ],
)
def test_a_rate_is_unknown_at_first_after_a_reset_and_over_a_pause(
    times: list[float], values: list[float], expected: list[float]
) -> None:
    np.testing.assert_array_equal(rates(np.array(times, float), np.array(values, float)), expected)


@pytest.fixture
def names() -> Names:
    names = Names()
    names.learn(1, Series("load.1", "gauge", ""))
    names.learn(2, Series("net.bytes", "counter", "B"))
    return names


def add(ring: MinuteRing, names: Names, times: list[float], gauge: list[float], counter: list[float]) -> None:
    ring.add(np.array(times, float), np.array([gauge, counter], float).T.copy(), (1, 2), names)


def test_the_ring_keeps_minute_means_of_gauges_and_rates_of_counters(names: Names) -> None:
    ring = MinuteRing()
    add(ring, names, [0, 30, 60, 90], [1, 3, NAN, 5], [0, 30, 90, 150])
    assert ring.line(1, 1, 2).tolist() == [2, 5]
    assert ring.line(2, 1, 2).tolist() == [1, 2]
    add(ring, names, [120], [9], [240])
    assert ring.line(2, 2, 1).tolist() == [3]


def test_the_ring_takes_late_data_and_forgets_what_is_too_old(names: Names) -> None:
    ring = MinuteRing()
    add(ring, names, [600.0], [4], [1])
    add(ring, names, [300.0], [2], [1])
    add(ring, names, [610.0], [8], [1])
    line = ring.line(1, 10, 6)
    assert (line[0], line[5]) == (2, 6)
    later = 600.0 + 60 * MINUTES
    add(ring, names, [later], [1], [1])
    assert np.isnan(ring.line(1, int(later // 60), MINUTES)[:-1]).all()
    add(ring, names, [0.0], [1], [1])
    assert np.isnan(ring.line(1, int(later // 60), MINUTES)[:-1]).all()


def test_a_reset_and_a_pause_leave_a_hole_in_the_rate(names: Names) -> None:
    ring = MinuteRing()
    add(ring, names, [0, 10, 20], [0] * 3, [100, 200, 300])
    add(ring, names, [60, 70], [0] * 2, [5, 15])
    assert ring.line(2, 1, 2).tolist() == [10, 1]
    add(ring, names, [1200.0], [0], [99])
    assert np.isnan(ring.line(2, 20, 1)).all()
