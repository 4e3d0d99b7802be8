"""The date by which old records are removed: the wall clock's, unless that has run ahead.

A clock that jumps ahead (an empty battery, a mistyped year) makes all there is look old. What is removed by a wrong
date is gone; what is removed a day late costs some disk. So a jump is believed only once it has lasted for a day.
"""

from __future__ import annotations

from watchkeeper.base.clock import Clock
from watchkeeper.hub.model.records import Notice
from watchkeeper.hub.storage.embedded.steps import DAY


class Calendar:
    """`date` is the one believed last, in seconds since 1970; `ahead` how far the wall clock is before it, in seconds,
    while that is doubted, else 0."""

    def __init__(self, clock: Clock, date: float | None = None) -> None:
        """`date` is what an earlier run believed; without it, the wall clock is right."""
        self._clock = clock
        self._tick = clock.monotonic()
        self._doubted_at = self._tick
        self.date = clock.wall() if date is None else date
        self.ahead = 0.0

    def today(self) -> float:
        """The date to go by now."""
        wall, tick = self._clock.wall(), self._clock.monotonic()
        date = self.date + tick - self._tick
        self._tick = tick
        if wall - date > DAY:
            if not self.ahead:
                self._doubted_at = tick
            if tick - self._doubted_at < DAY:
                self.date, self.ahead = date, wall - date
                return date
        self.date, self.ahead = wall, 0.0
        return wall


def clock_ahead(seconds: float, now: float) -> Notice:
    """What to tell a person while a jump is doubted."""
    return Notice(
        "warning",
        f"the hub's clock has jumped {seconds / DAY:.0f} days ahead; nothing is removed as too old because of that",
        "set the clock if it is wrong; if it is right, removal goes on a day after the jump",
        now,
    )
