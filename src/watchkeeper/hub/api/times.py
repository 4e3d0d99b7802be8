"""Times as people give them in a query: seconds since 1970, `now`, `-90s`, `-15m`, `-1h`, `-7d`, `-2w`, `-1y`."""

from __future__ import annotations

import math
import re

from watchkeeper.base.errors import UnprocessableError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_RELATIVE = re.compile(r"^(?:now)?(-\d+(?:\.\d+)?)([smhdwy])$")
LATEST = 32_503_680_000.0


def parse_time(text: str, now: float, name: str) -> float:
    """Seconds since 1970. Raises UnprocessableError that names the parameter."""
    text = text.strip()
    if text == "now":
        return now
    found = _RELATIVE.match(text)
    try:
        value = now + float(found[1]) * _UNITS[found[2]] if found else float(text)
    except ValueError:
        value = math.nan
    if not -LATEST < value < LATEST:
        raise UnprocessableError(
            f"{name} is {text!r}, which is no time", "give seconds since 1970, now, or such as -1h"
        )
    return value


def parse_span(start: str, end: str, now: float) -> tuple[float, float]:
    """Both ends of a range. Raises UnprocessableError when it is empty."""
    first, last = parse_time(start, now, "from"), parse_time(end, now, "to")
    if not first < last:
        raise UnprocessableError(f"the range is empty: from {start} to {end}", "`from` must come before `to`")
    return first, last
