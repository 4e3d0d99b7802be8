"""JSON as the agent's side reads and writes it.

The standard library's `json` brings regular expressions along, and they bring `enum`: 0.6 MB of memory that nothing
else here needs. Its reader and its writer are in C, in `_json`. That module is nobody's promise, so it is used on the
versions of CPython that this has been tested with; all others get `json`.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

KNOWN = sys.implementation.name == "cpython" and (3, 9) <= sys.version_info < (3, 14)
_SPACE = " \t\n\r"


class _Reading:
    """What `_json` asks its reader for; the same as in `json.JSONDecoder`."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = {"-Infinity": float("-inf"), "Infinity": float("inf"), "NaN": float("nan")}.__getitem__

    def __init__(self) -> None:
        self.memo: dict[str, str] = {}


def _refuse(value: object) -> object:
    raise TypeError(f"JSON has no {type(value).__name__}")


def _lean() -> tuple[Callable[[object, bool], str], Callable[[str], object]]:
    from _json import encode_basestring_ascii, make_encoder, make_scanner

    def write(value: object, allow_nan: bool) -> str:
        encoder = make_encoder({}, _refuse, encode_basestring_ascii, None, ":", ",", False, False, allow_nan)
        return "".join(encoder(value, 0))

    scan = make_scanner(_Reading())  # type: ignore[arg-type]

    def read(text: str) -> object:
        begin = len(text) - len(text.lstrip(_SPACE))
        try:
            value, end = scan(text, begin)
        except StopIteration as stop:
            raise ValueError(f"no JSON at character {stop.value}") from None
        if text[end:].strip(_SPACE):
            raise ValueError(f"more than one JSON value, from character {end}")
        return value

    return write, read


def _full() -> tuple[Callable[[object, bool], str], Callable[[str], object]]:
    import json

    def write(value: object, allow_nan: bool) -> str:
        return json.dumps(value, separators=(",", ":"), allow_nan=allow_nan)

    return write, json.loads


_write, _read = _lean() if KNOWN else _full()


def dumps(value: object, allow_nan: bool = True) -> bytes:
    """`value` in as few bytes as JSON takes. Raises ValueError or TypeError for what has no place in it."""
    return _write(value, allow_nan).encode("ascii")


def loads(data: bytes) -> Any:
    """The value in UTF-8 `data`. Raises ValueError."""
    return _read(str(data, "utf-8", "surrogatepass"))
