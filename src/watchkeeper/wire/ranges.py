"""Sets of batch numbers as disjoint inclusive ranges: what of a stream has arrived."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Ranges:
    """A set of whole numbers from 1 on, kept as sorted, disjoint, non-adjacent ranges.

    Numbers mostly arrive in order, so adding behind the last range is the fast path.
    """

    __slots__ = ("_firsts", "_lasts")

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in pairs:
            self.add(first, last)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._firsts, number) - 1
        return at >= 0 and number <= self._lasts[at]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._firsts, self._lasts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ranges) and self._firsts == other._firsts and self._lasts == other._lasts

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Ranges({list(self)!r})"

    def __len__(self) -> int:
        """How many numbers are in the set."""
        return sum(self._lasts) - sum(self._firsts) + len(self._firsts)

    @property
    def through(self) -> int:
        """The largest n such that all of 1 … n are in the set; 0 when 1 is not."""
        return self._lasts[0] if self._firsts and self._firsts[0] == 1 else 0

    @property
    def last(self) -> int:
        """The largest number in the set; 0 when it is empty."""
        return self._lasts[-1] if self._lasts else 0

    def add(self, first: int, last: int) -> None:
        """Add all of `first` … `last`."""
        if first < 1 or last < first:
            raise ValueError(f"not a range of batch numbers: {first} … {last}")
        firsts, lasts = self._firsts, self._lasts
        if not firsts or first > lasts[-1] + 1:
            firsts.append(first)
            lasts.append(last)
            return
        low = bisect_left(lasts, first - 1)
        high = bisect_right(firsts, last + 1)
        if low < high:
            first = min(first, firsts[low])
            last = max(last, lasts[high - 1])
        firsts[low:high] = [first]
        lasts[low:high] = [last]

    def missing(self, first: int, last: int) -> list[tuple[int, int]]:
        """The parts of `first` … `last` that are not in the set, in order."""
        found: list[tuple[int, int]] = []
        at = bisect_left(self._lasts, first)
        while first <= last and at < len(self._firsts):
            if self._firsts[at] > last:
                break
            if first < self._firsts[at]:
                found.append((first, self._firsts[at] - 1))
            first = self._lasts[at] + 1
            at += 1
        if first <= last:
            found.append((first, last))
        return found

    def copy(self) -> Ranges:
        twin = Ranges()
        twin._firsts = self._firsts[:]
        twin._lasts = self._lasts[:]
        return twin
