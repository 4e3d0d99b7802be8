"""How often somebody may try: failures to sign in by account and by address."""

from __future__ import annotations

import time
from collections.abc import Callable

from watchkeeper.base.errors import TooManyError

FREE_TRIES = 5
WINDOW = 900.0
MOST_KEYS = 10_000


class SignInLimit:
    """After five failures each further try must wait, twice as long each time, 15 minutes at most."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, tuple[int, float]] = {}

    def check(self, *keys: str) -> None:
        """Raise TooManyError while one of `keys` has to wait."""
        now = self._clock()
        wait = max((self._wait(key, now) for key in keys), default=0.0)
        if wait > 0:
            raise TooManyError(
                "too many failed sign-ins", f"try again in {wait:.0f} s", retry_after=max(1.0, round(wait))
            )

    def failed(self, *keys: str) -> None:
        now = self._clock()
        if len(self._failures) > MOST_KEYS:
            self._failures = {key: known for key, known in self._failures.items() if now - known[1] < WINDOW}
        for key in keys:
            count, last = self._failures.get(key, (0, now))
            self._failures[key] = (1 if now - last > WINDOW else count + 1, now)

    def succeeded(self, *keys: str) -> None:
        for key in keys:
            self._failures.pop(key, None)

    def _wait(self, key: str, now: float) -> float:
        count, last = self._failures.get(key, (0, 0.0))
        if count < FREE_TRIES:
            return 0.0
        return last + min(WINDOW, 2.0 ** (count - FREE_TRIES + 1)) - now
