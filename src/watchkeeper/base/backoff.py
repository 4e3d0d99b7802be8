"""Full-jitter exponential backoff."""

from __future__ import annotations

import random


class Backoff:
    """Delays drawn from [0, min(cap, base * 2**tries)), for ever.

    Full jitter spreads a thousand agents that lost their hub at the same instant
    (Brooker, "Exponential Backoff And Jitter", 2015). `base` and `cap` are seconds.
    """

    def __init__(self, base: float = 1.0, cap: float = 60.0, rng: random.Random | None = None) -> None:
        self._base = base
        self._cap = cap
        self._rng = rng or random.Random()
        self.tries = 0

    def next(self, at_least: float = 0.0) -> float:
        """The next delay in seconds; never under `at_least` (a server's Retry-After)."""
        ceiling = min(self._cap, self._base * 2.0 ** min(self.tries, 32))
        self.tries += 1
        return max(at_least, self._rng.uniform(0.0, ceiling)) + (
            self._rng.uniform(0.0, self._base) if at_least else 0.0
        )

    def reset(self) -> None:
        """Something worked: start small again."""
        self.tries = 0
