"""JSON of the agent's side, compared with the standard library's."""

from __future__ import annotations

import json as standard

import pytest
from hypothesis import given
from hypothesis import strategies as some

from watchkeeper.base import json

LEAVES = some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text()
VALUES = some.recursive(LEAVES, lambda part: some.lists(part) | some.dictionaries(some.text(), part), max_leaves=20)


@pytest.fixture(params=["lean", "full"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.KNOWN, "this Python is one that the lean way is for"
    if request.param == "full":
        write, read = json._full()
        monkeypatch.setattr(json, "_write", write)
        monkeypatch.setattr(json, "_read", read)


@given(VALUES)
def check_value(value: object) -> None:
    written = json.dumps(value)
    assert written == standard.dumps(value, separators=(",", ":")).encode()
    assert json.loads(written) == value
    assert json.loads(standard.dumps(value, indent=1, ensure_ascii=False).encode("utf-8", "surrogatepass")) == value


@given(some.text(alphabet='{}[]",:0123456789eE.+-truefalsn\\ \n\tNI') | some.text())
def check_text(text: str) -> None:
    try:
        wanted = repr(standard.loads(text))
    except ValueError:
        wanted = "refused"
    try:
        found = repr(json.loads(text.encode("utf-8", "surrogatepass")))
    except ValueError:
        found = "refused"
    assert found == wanted


def test_what_is_written_is_what_the_standard_library_writes_and_reads_back() -> None:
    check_value()


def test_what_is_read_and_refused_is_what_the_standard_library_reads_and_refuses() -> None:
    check_text()


def test_what_is_not_a_number_is_written_only_where_it_may_be() -> None:
    assert json.dumps([float("nan"), float("inf")]) == b"[NaN,Infinity]"
    with pytest.raises(ValueError, match="JSON compliant"):
        json.dumps(float("nan"), allow_nan=False)


def test_what_has_no_place_in_json_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(ValueError, match="Circular"):
        json.dumps(loop)
    with pytest.raises(TypeError, match="set"):
        json.dumps({"a": {1}})


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        json.loads(b'"\xff"')


def test_nesting_without_end_is_refused_and_does_not_crash() -> None:
    with pytest.raises(RecursionError):
        json.loads(b"[" * 200_000)
