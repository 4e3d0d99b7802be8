"""Our own TOML reader reads what the standard library's reads, and says where it cannot."""

from __future__ import annotations

import datetime
import math
import tomllib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from watchkeeper.base import toml
from watchkeeper.base.errors import SettingsError

DATES = (datetime.date, datetime.time)


def both(text: str) -> tuple[object, object]:
    """What either reader makes of `text`: its tables, or the word error; dates count as errors."""
    try:
        theirs: object = tomllib.loads(text)
        if has_date(theirs):
            theirs = "error"
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        theirs = "error"
    try:
        ours: object = toml.parse(text, "x.toml")
    except SettingsError:
        ours = "error"
    return ours, theirs


def has_date(value: object) -> bool:
    if isinstance(value, dict):
        return any(has_date(inner) for inner in value.values())
    if isinstance(value, list):
        return any(has_date(inner) for inner in value)
    return isinstance(value, DATES)


def same(one: object, other: object) -> bool:
    """Equal with the same types, and NaN equal to NaN."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return type(one) is type(other) and one == other


PIECES = st.sampled_from(
    [
        *"[]{}=,.#\"'\\ \t\n-+_:eE",
        "a", "b", "a.b", "[a]\n", "[a.b]\n", "[[a]]\n", "[[a.b]]\n", "a = 1\n", "a.b = 2\n", "b.c.d = 3\n", '"q k"',
        "'lit'", "0x1F", "0o17", "0b10", "1_000", "01", "1.5", "1e9", "-0", "+1", "inf", "nan", "-inf", "true", "false",
        '"""', "'''", "\\u00e9", "\\n", "\\x", "é", "\r\n", "\x01", "{x = 1}", "{}", "[1, 2]", "[]", "1979-05-27",
        "07:32:00",        "a = {b = 1}\n", "a = []\n", "a = [{}]\n", "\\U0001F600", "\\uD800", "x = ",
    ]
)  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
@example("[a.b.c]\n[a]\nb.x = 1\n")
@example("a.x = 1\n[a.b]\ny = 2\n")
@example("[a.b]\n[a]\nb.c = 1\n")
@example("a = [{}]\n[[a]]\n")
@example("[[a]]\n[a.b]\n[[a]]\n[a.b]\n")
@example("[[a]]\n[a]\n")
@example("a = {b.c = 1, b.d = 2}\n")
@example("a = {b = {c = 1}, b.d = 2}\n")
@example("a = {x = 1,}\n")
@example("a = [\n1, # one\n 2,\n]\n")
@example('a = """\n\nx"""\n')
@example('a = """x\\   \n\n   y"""\n')
@example('a = """""""""\n')
@example("a = '''it''s'''''\n")
@example("a = 1__0")
@example("a = 0x_1")
@example("a = 1.")
@example("a = .5")
@example("a = 1e")
@example("a = ٣")
@example("a = 1\rb = 2")
@example("\ufeffa = 1")
def test_it_agrees_with_the_standard_library(text: str) -> None:
    ours, theirs = both(text)
    assert same(ours, theirs), text


VALUES = st.recursive(
    st.one_of(
        st.integers(-(2**63), 2**63 - 1).map(str),
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.booleans().map(lambda value: str(value).lower()),
        st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_characters="\x7f"), max_size=12).map(
            lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda values: "[" + ", ".join(values) + "]"),
        st.dictionaries(st.sampled_from("abcd"), inner, max_size=3).map(
            lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}"
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True), VALUES, max_size=4))
def test_well_formed_values_come_out_as_the_standard_library_reads_them(table: dict[str, str]) -> None:
    text = "".join(f"{key} = {value}\n" for key, value in table.items())
    ours, theirs = both(text)
    assert theirs != "error"
    assert same(ours, theirs)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a = 1\nb = \n", 2, "a value is expected"),
        ("a = 1\n\na = 2\n", 3, "is there already"),
        ('a = "x\n', 1, "no closing quote"),
        ("a = yes\n", 1, "a text wants quotes"),
        ("# c\na = 1979-05-27\n", 2, "no setting takes"),
        ("a = 07:32:00\n", 1, "no setting takes"),
        ("[agent\n", 1, "wants ']'"),
        ('a = "C:\\data"\n', 1, "single quotes"),
        ("a = 1 b = 2\n", 1, "not expected here"),
    ],
)
def test_errors_name_the_file_the_line_and_the_reason(text: str, line: int, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        toml.parse(text, "/etc/wk.toml")
    assert f"/etc/wk.toml: line {line}: " in str(caught.value)
    assert words in str(caught.value)


def test_values_too_deep_are_refused_instead_of_ending_the_process() -> None:
    with pytest.raises(SettingsError, match="too deep"):
        toml.parse("a = " + "[" * 5000, "x.toml")
