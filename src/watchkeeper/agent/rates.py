"""Counters turned into rates a second."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

UNKNOWN = float("nan")


class Rates:
    """Remembers the previous reading of each counter.

    A first reading, and one below its predecessor (a reset or an overflow), has no rate: unknown.
    """

    def __init__(self) -> None:
        self._before: dict[Hashable, tuple[float, tuple[float, ...]]] = {}

    def of(self, key: Hashable, now: float, counts: Sequence[float]) -> list[float]:
        """Rates a second of `counts` at monotonic time `now`, in their order."""
        counts = tuple(counts)
        before = self._before.get(key)
        self._before[key] = (now, counts)
        if before is None or now <= before[0] or len(before[1]) != len(counts):
            return [UNKNOWN] * len(counts)
        elapsed = now - before[0]
        return [(count - last) / elapsed if count >= last else UNKNOWN for count, last in zip(counts, before[1])]

    def keep(self, keys: set[Hashable]) -> None:
        """Forget all counters but `keys`."""
        if len(self._before) > len(keys):
            self._before = {key: value for key, value in self._before.items() if key in keys}
