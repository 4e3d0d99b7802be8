"""Prometheus text format as people write it by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.agent.prometheus import parse
from watchkeeper.wire.series import parse_series


def test_a_page_with_help_types_labels_and_timestamps() -> None:
    found = parse(
        "# HELP backup_age_seconds Age of the newest backup.\n"
        "# TYPE backup_age_seconds gauge\n"
        'backup_age_seconds{host="nas",path="/srv"} 3600.5 1700000000000\n'
        "\n"
        "jobs_total 7\n"
        "# just a comment\n"
        "room_celsius{} -3e1\n"
    )
    assert found.errors == []
    assert found.samples == {
        "backup_age_seconds{host=nas,path=/srv}": 3600.5,
        "jobs_total": 7.0,
        "room_celsius": -30.0,
    }
    assert found.kinds["backup_age_seconds{host=nas,path=/srv}"] == ("gauge", "s")
    assert found.kinds["jobs_total"] == ("counter", "")
    assert found.kinds["room_celsius"] == ("gauge", "°C")


def test_series_of_a_histogram_are_counters() -> None:
    found = parse(
        "# TYPE wait_seconds histogram\n"
        'wait_seconds_bucket{le="0.5"} 3\n'
        'wait_seconds_bucket{le="+Inf"} 4\nwait_seconds_sum 1.5\nwait_seconds_count 4\n'
    )
    assert {kind for kind, _ in found.kinds.values()} == {"counter"}
    assert found.kinds["wait_seconds_sum"] == ("counter", "s")
    assert found.kinds["wait_seconds_count"] == ("counter", "")


def test_quantiles_of_a_summary_are_gauges() -> None:
    found = parse('# TYPE t_seconds summary\nt_seconds{quantile="0.9"} 2\nt_seconds_count 9\n')
    assert found.kinds["t_seconds{quantile=0.9}"] == ("gauge", "s")
    assert found.kinds["t_seconds_count"][0] == "counter"


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "inf"])
def test_what_no_chart_can_show_is_unknown(value: str) -> None:
    assert math.isnan(parse(f"x {value}\n").samples["x"])


@pytest.mark.parametrize(
    ("name", "unit"),
    [("x_bytes", "B"), ("x_bytes_total", "B"), ("x_seconds", "s"), ("x_percent", "%"), ("x_ratio", ""), ("x", "")],
)
def test_units_come_from_the_name(name: str, unit: str) -> None:
    assert parse(f"{name} 1\n").kinds[name][1] == unit


def test_labels_keep_what_is_escaped_in_them() -> None:
    found = parse('x{a="one\\"two\\\\three\\nfour",b="{=,}", c="",} 1\n')
    assert found.errors == []
    (name,) = found.samples
    assert parse_series(name) == ("x", {"a": 'one"two\\three\nfour', "b": "{=,}", "c": ""})


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x", "wants a value"),
        ("x one", "is not a number"),
        ("x 1 2 3", "at most a timestamp"),
        ("9x 1", "no metric name"),
        ('x{a="b" 1', "neither a comma nor a closing brace"),
        ("x{a=b} 1", "double quotes"),
        ('x{a="b} 1', "no closing quote"),
        ("x{=} 1", "not a label"),
        ("# TYPE x thermometer", "not a TYPE"),
        ("good 2", "comes twice"),
    ],
)
def test_one_bad_line_is_told_and_does_not_spoil_the_others(line: str, words: str) -> None:
    found = parse(f"good 1\n{line}\nafter 3\n")
    assert found.samples["good"] == 1.0
    assert found.samples["after"] == 3.0
    assert len(found.errors) == 1
    assert found.errors[0].startswith("line 2: ")
    assert words in found.errors[0]


@given(st.text(max_size=200))
def test_no_text_whatever_makes_it_raise(text: str) -> None:
    found = parse(text)
    assert found.samples.keys() == found.kinds.keys()


@given(st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True), st.text(max_size=8), max_size=4))
def test_labels_come_back_as_they_were(labels: dict[str, str]) -> None:
    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

    inside = ",".join(f'{key}="{escaped(value)}"' for key, value in labels.items())
    found = parse(f"metric{{{inside}}} 5")
    assert found.errors == []
    (name,) = found.samples
    assert parse_series(name) == ("metric", labels)
