"""Names of series: a metric and its labels as one text, `disk.percent{mount=/home}`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_ESCAPES = {"\\": "\\\\", ",": "\\,", "=": "\\=", "{": "\\{", "}": "\\}", "\n": "\\n"}


def series_name(metric: str, labels: Mapping[str, str] | None = None) -> str:
    """The canonical name: labels in alphabetical order, special characters behind a backslash."""
    if not labels:
        return metric
    inside = ",".join(f"{key}={_escaped(labels[key])}" for key in sorted(labels))
    return f"{metric}{{{inside}}}"


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(character, character) for character in text)


def parse_series(name: str) -> tuple[str, dict[str, str]]:
    """Metric and labels of a canonical name. A name without a closing brace is all metric."""
    brace = name.find("{")
    if brace < 0 or not name.endswith("}"):
        return name, {}
    labels: dict[str, str] = {}
    key, text, escaped = "", "", False
    for character in name[brace + 1 : -1] + ",":
        if escaped:
            text += "\n" if character == "n" else character
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "=" and not key:
            key, text = text, ""
        elif character == ",":
            if key:
                labels[key] = text
            key, text = "", ""
        else:
            text += character
    return name[:brace], labels
