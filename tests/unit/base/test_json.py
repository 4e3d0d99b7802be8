"""JSON of the agent's side: small, strict where it must be, and never in a way of its own."""

from __future__ import annotations

import json as standard

import pytest
from hypothesis import given
from hypothesis import strategies as some

from watchkeeper.base import json

LEAVES = some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text()
VALUES = some.recursive(LEAVES, lambda part: some.lists(part) | some.dictionaries(some.text(), part), max_leaves=20)


@given(VALUES)
def test_what_is_written_is_read_back(value: object) -> None:
    written = json.dumps(value)
    assert json.loads(written) == value
    assert json.loads(standard.dumps(value, indent=1, ensure_ascii=False).encode("utf-8", "surrogatepass")) == value
    assert written.isascii()


def test_what_is_not_a_number_is_written_only_where_it_may_be() -> None:
    assert json.dumps([float("nan"), float("inf")]) == b"[NaN,Infinity]"
    with pytest.raises(ValueError, match="JSON compliant"):
        json.dumps(float("nan"), allow_nan=False)


@pytest.mark.parametrize("data", [b"", b"{", b"[1] [2]", b"\xff", b'{"a" 1}'])
def test_what_is_no_json_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        json.loads(data)
