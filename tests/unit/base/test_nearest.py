"""The nearest known name."""

from __future__ import annotations

import pytest

from watchkeeper.base.nearest import nearest

KNOWN = ("agent.interval", "agent.hub", "agent.token", "hub.listen")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("agent.intervall", "agent.interval"),
        ("agent.itnerval", "agent.interval"),
        ("agent.hbu", "agent.hub"),
        ("hub.listne", "hub.listen"),
        ("agent.hub", "agent.hub"),
        ("something else entirely", ""),
        ("", ""),
    ],
)
def test_a_slip_finds_its_name_and_nonsense_finds_none(name: str, expected: str) -> None:
    assert nearest(name, KNOWN) == expected


def test_a_swap_of_neighbours_counts_as_one_edit() -> None:
    assert nearest("ab", ["ba", "xb"]) == "ba"
