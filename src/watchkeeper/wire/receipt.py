"""Receipts: the hub's word that it committed a stream up to a number."""

from __future__ import annotations

from watchkeeper.base.errors import FormatError
from watchkeeper.wire.ranges import Ranges


class Receipt:
    """What the hub has committed of `stream`.

    `ranges` are the batches that it holds or knows to be lost; `check` is the CRC of the frame
    numbered `through` as the hub saw it (None when it does not know any more); `incarnation`
    changes when the hub was restored from a backup.
    """

    __slots__ = ("check", "incarnation", "ranges", "stream")

    def __init__(self, stream: bytes, ranges: Ranges, incarnation: str, check: int | None = None) -> None:
        self.stream = stream
        self.ranges = ranges
        self.incarnation = incarnation
        self.check = check

    @property
    def through(self) -> int:
        return self.ranges.through

    def as_json(self) -> dict[str, object]:
        return {
            "stream": self.stream.hex(),
            "through": self.through,
            "ranges": [list(pair) for pair in self.ranges],
            "incarnation": self.incarnation,
            "check": self.check,
        }


def read_receipt(value: object) -> Receipt:
    """The receipt in a decoded JSON value. Raises FormatError."""
    if not isinstance(value, dict):
        raise FormatError("the answer holds no receipt")
    try:
        stream = bytes.fromhex(value["stream"])
        ranges = Ranges((_whole(first), _whole(last)) for first, last in value["ranges"])
        incarnation, check = value["incarnation"], value.get("check")
        if len(stream) != 16 or not isinstance(incarnation, str):
            raise ValueError("stream or incarnation is none")
        return Receipt(stream, ranges, incarnation, None if check is None else _whole(check))
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"the answer holds no receipt: {error!r}") from None


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise ValueError(f"{value!r} is no number of a batch or checksum")
    return value
