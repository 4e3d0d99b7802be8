"""The nearest known name to one that is not known."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name with the fewest edits to `name`, or "" when none is within a third of it.

    Edits are insertions, deletions, replacements and swaps of neighbours (optimal string
    alignment distance).
    """
    best, best_distance = "", max(2, len(name) // 3) + 1
    for candidate in sorted(known):
        if candidate and abs(len(candidate) - len(name)) < best_distance:
            distance = _distance(name, candidate)
            if distance < best_distance:
                best, best_distance = candidate, distance
    return best


def _distance(one: str, other: str) -> int:
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        row = [i]
        for j, right in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]
