"""JSON as the agent's side reads and writes it: without blanks, as bytes."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def dumps(value: object, allow_nan: bool = True) -> bytes:
    """`value` in as few bytes as JSON takes. Raises ValueError or TypeError for what has no place in it."""
    return json.dumps(value, separators=(",", ":"), allow_nan=allow_nan).encode("ascii")


def loads(data: bytes) -> Any:
    """The value in UTF-8 `data`. Raises ValueError."""
    return json.loads(str(data, "utf-8", "surrogatepass"))
