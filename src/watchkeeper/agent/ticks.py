"""When to take the next report: at whole multiples of the interval by the wall clock."""

from __future__ import annotations

import time

# Seconds by which a wall clock may drift between two ticks without having been set.
STEP = 1.0


class Ticks:
    """Aligned to the wall clock, so that the reports of many hosts fall on the same instants.

    Each wait is reckoned anew from the wall clock, so nothing drifts; each lasts at least half an
    interval by the monotonic clock, so neither a suspended machine nor a clock that was set makes a burst.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval

    def wait(self, wall: float) -> float:
        """Seconds until the next tick, seen at wall time `wall`."""
        interval = self._interval
        wait = interval - wall % interval
        return wait if wait >= interval / 2 else wait + interval

    def after(self, wall: float, due: float) -> float:
        """Seconds until the tick after the one that was `due`, seen at `wall`, a little before or after it."""
        interval = self._interval
        wait = due + interval - wall
        # The clock was set, the machine slept, or a tick took too long: find the grid anew.
        return wait if 0.0 < wait <= 1.5 * interval else self.wait(wall)


class ClockWatch:
    """Notices when somebody sets the wall clock, and when the machine has slept."""

    def __init__(self) -> None:
        self._before: tuple[float, float, float] | None = None

    def check(self, wall: float, monotonic: float, boottime: float) -> tuple[float, float]:
        """Seconds by which the wall clock was set, and seconds of sleep, since the last check; 0.0 for neither.

        `boottime` is like `monotonic` but goes on while the machine sleeps.
        """
        before, self._before = self._before, (wall, monotonic, boottime)
        if before is None:
            return 0.0, 0.0
        elapsed = boottime - before[2]
        slept = elapsed - (monotonic - before[1])
        step = (wall - before[0]) - elapsed
        return step if abs(step) >= STEP else 0.0, slept if slept >= STEP else 0.0


def boottime(monotonic: float) -> float:
    """Seconds since boot, sleep included; `monotonic` where the system does not count that."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return monotonic if clock is None else time.clock_gettime(clock)
