"""Ranges behave as the set of numbers that they stand for."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from watchkeeper.wire.ranges import Ranges

numbers = st.integers(1, 60)
pairs = st.tuples(numbers, numbers).map(lambda pair: (min(pair), max(pair)))


class RangesMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.ranges = Ranges()
        self.model: set[int] = set()

    @rule(pair=pairs)
    def add(self, pair: tuple[int, int]) -> None:
        self.ranges.add(*pair)
        self.model |= set(range(pair[0], pair[1] + 1))

    @rule()
    def add_the_next(self) -> None:
        self.ranges.add(self.ranges.last + 1, self.ranges.last + 1)
        self.model.add(max(self.model, default=0) + 1)

    @rule()
    def copying_is_independent(self) -> None:
        twin = self.ranges.copy()
        twin.add(1000, 1000)
        assert 1000 not in self.ranges

    @rule(pair=pairs)
    def missing_is_the_difference(self, pair: tuple[int, int]) -> None:
        missing = self.ranges.missing(*pair)
        assert {n for first, last in missing for n in range(first, last + 1)} == (
            set(range(pair[0], pair[1] + 1)) - self.model
        )
        assert missing == sorted(missing)

    @invariant()
    def stands_for_its_set(self) -> None:
        found = list(self.ranges)
        assert {n for first, last in found for n in range(first, last + 1)} == self.model
        assert len(self.ranges) == len(self.model)
        assert self.ranges.last == max(self.model, default=0)
        through = 0
        while through + 1 in self.model:
            through += 1
        assert self.ranges.through == through
        assert all(last + 1 < first for (_, last), (first, _) in pairwise(found)), "never adjacent"
        assert all((n in self.ranges) == (n in self.model) for n in range(63))


TestRanges = RangesMachine.TestCase


@given(st.lists(pairs))
def test_the_order_of_adding_does_not_matter(given_pairs: list[tuple[int, int]]) -> None:
    assert Ranges(given_pairs) == Ranges(reversed(given_pairs))


@pytest.mark.parametrize("pair", [(0, 1), (2, 1), (-1, 5)])
def test_what_is_no_range_is_refused(pair: tuple[int, int]) -> None:
    with pytest.raises(ValueError):
        Ranges([pair])
