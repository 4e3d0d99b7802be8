"""Full-jitter exponential backoff."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def _fraction() -> float:
    # The `random` module would cost an agent half a megabyte for this one number.
    return int.from_bytes(os.urandom(6), "little") / (1 << 48)


class Backoff:
    """Delays drawn from [0, min(cap, base * 2**tries)), for ever.

    Full jitter spreads a thousand agents that lost their hub at the same instant
    (Brooker, "Exponential Backoff And Jitter", 2015). `base` and `cap` are seconds; `fraction`
    draws from [0, 1).
    """

    def __init__(self, base: float = 1.0, cap: float = 60.0, fraction: Callable[[], float] = _fraction) -> None:
        self._base = base
        self._cap = cap
        self._fraction = fraction
        self.tries = 0

    def next(self, at_least: float = 0.0) -> float:
        """The next delay in seconds; never under `at_least` (a server's Retry-After), which is spread as well."""
        ceiling = min(self._cap, self._base * 2.0 ** min(self.tries, 32))
        self.tries += 1
        delay = self._fraction() * ceiling
        return max(delay, at_least + self._fraction() * self._base) if at_least > 0 else delay

    def reset(self) -> None:
        """Something worked: start small again."""
        self.tries = 0
