"""Prometheus text format, as text files and scripts write it.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4. Timestamps are read and left
aside: a report has one time for all of its samples. NaN and infinities are unknown.
"""

from __future__ import annotations

from watchkeeper.wire.records import COUNTER, GAUGE
from watchkeeper.wire.series import series_name

_UNITS = (("_bytes", "B"), ("_seconds", "s"), ("_celsius", "°C"), ("_percent", "%"), ("_watts", "W"))
_PARTS = ("_bucket", "_count", "_sum")
_ESCAPED = {"n": "\n", '"': '"', "\\": "\\"}
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:")
_DIGITS = frozenset("0123456789")


class Exposition:
    """What a text holds: `samples` by series name, `kinds` of each as (kind, unit), and `errors` by line."""

    def __init__(self) -> None:
        self.samples: dict[str, float] = {}
        self.kinds: dict[str, tuple[str, str]] = {}
        self.errors: list[str] = []


def parse(text: str) -> Exposition:
    """Read all lines; one that cannot be read is noted and does not spoil the others."""
    found = Exposition()
    types: dict[str, str] = {}
    for number, line in enumerate(map(str.strip, text.split("\n")), 1):
        try:
            if line.startswith("#"):
                _comment(line, types)
            elif line:
                _sample(line, types, found)
        except ValueError as error:
            found.errors.append(f"line {number}: {error}")
    return found


def _comment(line: str, types: dict[str, str]) -> None:
    words = line.split(None, 3)
    if len(words) > 1 and words[1] == "TYPE":
        if len(words) != 4 or words[3] not in ("counter", "gauge", "histogram", "summary", "untyped"):
            raise ValueError("not a TYPE: it takes a name and counter, gauge, histogram, summary or untyped")
        types[words[2]] = words[3]


def _sample(line: str, types: dict[str, str], found: Exposition) -> None:
    end = _name_end(line)
    metric, rest = line[:end], line[end:].lstrip()
    if not metric:
        raise ValueError(f"no metric name at {line[:20]!r}")
    labels: dict[str, str] = {}
    if rest.startswith("{"):
        labels, rest = _labels(rest[1:])
    words = rest.split()
    if not 1 <= len(words) <= 2:
        raise ValueError(f"{metric} wants a value, and after it at most a timestamp")
    value = _value(words[0])
    name = series_name(metric, labels)
    if name in found.samples:
        raise ValueError(f"{name} comes twice")
    found.samples[name] = value
    found.kinds[name] = _kind(metric, types), _unit(metric, types)


def _name_end(text: str) -> int:
    for at, character in enumerate(text):
        if character not in _LETTERS and (at == 0 or character not in _DIGITS):
            return at
    return len(text)


def _labels(text: str) -> tuple[dict[str, str], str]:
    """The labels up to the closing brace, and what follows it."""
    labels: dict[str, str] = {}
    text = text.lstrip()
    while not text.startswith("}"):
        end = _name_end(text)
        label, rest = text[:end], text[end:].lstrip()
        if not label or not rest.startswith("="):
            raise ValueError(f"not a label: {text[:20]!r}")
        rest = rest[1:].lstrip()
        if not rest.startswith('"'):
            raise ValueError(f"the value of label {label} wants double quotes")
        value, text = _quoted(rest[1:])
        labels[label] = value
        text = text.lstrip()
        if text.startswith(","):
            text = text[1:].lstrip()
        elif not text.startswith("}"):
            raise ValueError(f"after label {label} comes neither a comma nor a closing brace")
    return labels, text[1:]


def _quoted(text: str) -> tuple[str, str]:
    """The text up to the closing quote, unescaped, and what follows it."""
    value, at = "", 0
    while at < len(text):
        character = text[at]
        if character == '"':
            return value, text[at + 1 :]
        if character == "\\":
            at += 1
            follower = text[at : at + 1]
            value += _ESCAPED.get(follower, "\\" + follower)
        else:
            value += character
        at += 1
    raise ValueError("a label's value has no closing quote")


def _value(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text[:30]!r} is not a number") from None
    # NaN and what no chart can show are unknown.
    return value if value - value == 0.0 else float("nan")


def _family(metric: str, types: dict[str, str]) -> tuple[str, str]:
    """Name and type of the family that a sample belongs to."""
    for part in _PARTS:
        base = metric[: -len(part)]
        if metric.endswith(part) and types.get(base) in ("histogram", "summary"):
            return base, part
    return metric, ""


def _kind(metric: str, types: dict[str, str]) -> str:
    _, part = _family(metric, types)
    declared = types.get(metric, "untyped")
    if part or declared == "counter" or (declared == "untyped" and metric.endswith("_total")):
        return COUNTER
    return GAUGE


def _unit(metric: str, types: dict[str, str]) -> str:
    base, part = _family(metric, types)
    if part in ("_bucket", "_count"):
        return ""
    base = base[:-6] if base.endswith("_total") else base
    return next((unit for suffix, unit in _UNITS if base.endswith(suffix)), "")
