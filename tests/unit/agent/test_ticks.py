"""When reports are taken: on the grid, without drift, without bursts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.agent.ticks import ClockWatch, Ticks


def test_the_first_tick_after_the_start_falls_on_the_grid() -> None:
    assert Ticks(5.0).wait(1003.0) == pytest.approx(7.0)
    assert Ticks(5.0).wait(1001.0) == pytest.approx(4.0)


def test_a_wait_that_ends_a_little_early_does_not_make_a_second_tick() -> None:
    assert Ticks(5.0).after(1004.9999, 1005.0) == pytest.approx(5.0001)


@given(st.floats(0.0, 0.4), st.integers(1, 200))
def test_slow_ticks_do_not_drift(spent: float, count: int) -> None:
    ticks, wall, due = Ticks(1.0), 5000.0, 5000.0
    for _ in range(count):
        wait = ticks.after(wall + spent, due)
        wall = wall + spent + wait
        due += 1.0
    assert wall == pytest.approx(5000.0 + count)


@pytest.mark.parametrize("jump", [-3e7, -100.0, -7.0, 7.0, 100.0, 3e7])
def test_after_sleep_or_a_set_clock_there_is_one_tick_and_the_grid_again(jump: float) -> None:
    wall = 1005.0 + jump + 0.01
    wait = Ticks(5.0).after(wall, 1005.0)
    assert 2.5 <= wait <= 7.5
    assert (wall + wait) % 5.0 == pytest.approx(0.0, abs=1e-6) or (wall + wait) % 5.0 == pytest.approx(5.0, abs=1e-6)


def test_a_clock_that_was_set_is_told_from_one_that_goes() -> None:
    watch = ClockWatch()
    assert watch.check(1000.0, 50.0, 50.0) == (0.0, 0.0)
    assert watch.check(1005.1, 55.0, 55.0) == (0.0, 0.0)
    step, slept = watch.check(4610.1, 60.0, 60.0)
    assert (step, slept) == (pytest.approx(3600.0), 0.0)
    step, slept = watch.check(4610.1 - 86400 + 5, 65.0, 65.0)
    assert (step, slept) == (pytest.approx(-86400.0), 0.0)


def test_sleep_is_no_set_clock() -> None:
    watch = ClockWatch()
    watch.check(1000.0, 50.0, 50.0)
    step, slept = watch.check(4605.0, 55.0, 3655.0)
    assert (step, slept) == (0.0, pytest.approx(3600.0))
