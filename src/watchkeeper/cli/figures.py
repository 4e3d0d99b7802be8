"""Figures as people read them: units by meaning, never more digits than help."""

from __future__ import annotations

from collections.abc import Callable

UNKNOWN = "–"
MINUTE, HOUR, DAY = 60, 3600, 86400


def figure(value: float | None, unit: str = "") -> str:
    """`value` with its unit: bytes as KiB …, bytes a second as kB/s …, seconds as a duration."""
    if value is None:
        return UNKNOWN
    written = _BY_UNIT.get(unit)
    return written(value) if written else f"{number(value)} {unit}".rstrip()


def number(value: float) -> str:
    """A plain number in at most four digits or a power of 1000."""
    for limit, factor, sign in ((1e12, 1e12, "T"), (1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e5, 1e3, "k")):
        if abs(value) >= limit:
            return f"{value / factor:.1f}{sign}"
    if value == int(value):
        return str(int(value))
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"


def duration(seconds: float | None) -> str:
    """`3 d 4 h`, `5 h 2 min`, `4 min`, `12 s`, `30 ms`."""
    if seconds is None:
        return UNKNOWN
    seconds = max(0.0, seconds)
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE:.0f} min"
    if seconds < DAY:
        return _two(seconds // HOUR, "h", seconds % HOUR // MINUTE, "min")
    return _two(seconds // DAY, "d", seconds % DAY // HOUR, "h")


def ago(moment: float | None, now: float) -> str:
    """How long ago: `just now`, `4 min ago`, `never`."""
    if moment is None:
        return "never"
    return "just now" if now - moment < 1 else f"{duration(now - moment)} ago"


def _two(large: float, large_unit: str, small: float, small_unit: str) -> str:
    return f"{large:.0f} {large_unit} {small:.0f} {small_unit}" if small else f"{large:.0f} {large_unit}"


def _scaled(value: float, base: int, units: tuple[str, ...]) -> str:
    rank = 0
    while abs(value) >= base and rank < len(units) - 1:
        value /= base
        rank += 1
    digits = 0 if rank == 0 or abs(value) >= 100 else 1
    return f"{value:.{digits}f} {units[rank]}"


_BY_UNIT: dict[str, Callable[[float], str]] = {
    "B": lambda value: _scaled(value, 1024, ("B", "KiB", "MiB", "GiB", "TiB", "PiB")),
    "B/s": lambda value: _scaled(value, 1000, ("B/s", "kB/s", "MB/s", "GB/s", "TB/s")),
    "s": duration,
    "1/s": lambda value: f"{number(value)}/s",
    "%": lambda value: f"{value:.1f}%",
}
