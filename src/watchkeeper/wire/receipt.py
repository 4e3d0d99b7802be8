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
    try:
        assert isinstance(value, dict)
        stream = bytes.fromhex(value["stream"])
        ranges = Ranges((int(first), int(last)) for first, last in value["ranges"])
        check = value.get("check")
        return Receipt(stream, ranges, str(value["incarnation"]), None if check is None else int(check))
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise FormatError(f"the answer holds no receipt: {error!r}") from None
