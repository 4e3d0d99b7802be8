"""Time as something that can be handed in, so that tests can step it."""

from __future__ import annotations

import threading
import time


class Clock:
    """The system's clocks. All values are seconds."""

    def wall(self) -> float:
        """Unix time; may jump either way."""
        return time.time()

    def monotonic(self) -> float:
        """Never goes back, says nothing about the date."""
        return time.monotonic()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait until `event` is set or `seconds` have passed; true when it was set."""
        return event.wait(seconds)


class SteppedClock(Clock):
    """A clock that stands still until somebody moves it."""

    def __init__(self, wall: float = 1_700_000_000.0, monotonic: float = 1_000.0) -> None:
        self._wall = wall
        self._monotonic = monotonic

    def wall(self) -> float:
        return self._wall

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let time pass: both clocks move."""
        self._wall += seconds
        self._monotonic += seconds

    def step_wall(self, seconds: float) -> None:
        """Set the date: only the wall clock jumps."""
        self._wall += seconds
