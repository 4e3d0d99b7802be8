"""No host may keep the hub busy alone."""

from __future__ import annotations

from watchkeeper.base.errors import TooManyError

POSTS_A_SECOND = 1000.0
BURST = 3000.0


class Pace:
    """A bucket of posts for each host that refills by the second."""

    def __init__(self) -> None:
        self._buckets: dict[int, list[float]] = {}

    def check(self, host: int, now: float) -> None:
        """Take one post out of the host's bucket; raise TooManyError when it is empty."""
        bucket = self._buckets.get(host)
        if bucket is None:
            bucket = self._buckets[host] = [BURST, now]
        left = min(BURST, bucket[0] + max(0.0, now - bucket[1]) * POSTS_A_SECOND) - 1.0
        bucket[1] = now
        if left < 0.0:
            bucket[0] = 0.0
            raise TooManyError("this host posts too often", "send several batches a post", retry_after=1.0)
        bucket[0] = left
