"""The date by which records are removed."""

from __future__ import annotations

from watchkeeper.base.clock import SteppedClock
from watchkeeper.hub.storage.embedded.calendar import Calendar

DAY, YEAR = 86400.0, 365 * 86400.0
NOW = 1_760_000_400.0


def test_the_wall_clock_is_believed_as_time_goes_by() -> None:
    clock = SteppedClock(wall=NOW)
    calendar = Calendar(clock)
    clock.advance(40 * DAY)
    assert calendar.today() == NOW + 40 * DAY
    assert calendar.ahead == 0.0


def test_a_jump_ahead_is_not_believed_for_a_day_and_time_goes_on_meanwhile() -> None:
    clock = SteppedClock(wall=NOW)
    calendar = Calendar(clock)
    clock.step_wall(YEAR)
    assert calendar.today() == NOW
    assert calendar.ahead == YEAR
    clock.advance(0.9 * DAY)
    assert calendar.today() == NOW + 0.9 * DAY
    clock.advance(0.2 * DAY)
    assert calendar.today() == NOW + YEAR + 1.1 * DAY
    assert calendar.ahead == 0.0


def test_a_clock_that_is_set_right_again_is_believed_at_once() -> None:
    clock = SteppedClock(wall=NOW)
    calendar = Calendar(clock)
    clock.step_wall(YEAR)
    calendar.today()
    clock.step_wall(-YEAR)
    assert calendar.today() == NOW
    assert calendar.ahead == 0.0


def test_a_clock_that_is_set_back_is_believed_and_its_return_is_doubted() -> None:
    clock = SteppedClock(wall=NOW)
    calendar = Calendar(clock)
    clock.step_wall(-YEAR)
    assert calendar.today() == NOW - YEAR
    clock.step_wall(YEAR)
    assert calendar.today() == NOW - YEAR


def test_a_restart_begins_with_what_was_believed_before() -> None:
    clock = SteppedClock(wall=NOW + YEAR)
    calendar = Calendar(clock, date=NOW)
    assert calendar.today() == NOW
    assert calendar.ahead == YEAR
