"""What a spool knows of one stream: the numbers given, had by the hub, named as lost, held by somebody else."""

from __future__ import annotations

from watchkeeper.wire.ranges import Ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from watchkeeper.wire.receipt import Receipt


class Stream:
    """The account of one stream. Each number from 1 to `last` is held, received, or in `gapped`.

    `began` and `seen` are wall-clock seconds of its first and latest batch; `check` is (number,
    CRC) of the frame up to which the hub last proved to have what this spool sealed. `sent` is the highest
    number that this process has handed out for sending.
    """

    __slots__ = ("began", "check", "custody", "gapped", "id", "lane", "last", "received", "seen", "sent", "tail")

    def __init__(self, id: bytes, lane: int, began: float) -> None:
        self.id = id
        self.lane = lane
        self.began = began
        self.seen = began
        self.last = 0
        self.sent = 0
        self.received = Ranges()
        self.gapped = Ranges()
        self.custody = Ranges()
        self.check: tuple[int, int] | None = None
        self.tail: tuple[int, int] | None = None

    def unreceived(self, held: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """The parts of `held` that the hub lacks."""
        return [pair for low, high in held for pair in self.received.missing(low, high)]

    def unsent(self, held: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """The parts of `held` that neither the hub nor a custodian has."""
        wanted = self.unreceived(held)
        return [pair for low, high in wanted for pair in self.custody.missing(low, high)] if self.custody else wanted

    def unaccounted(self, held: Ranges) -> list[tuple[int, int]]:
        """Numbers that were given, are not held, and that nobody has told the hub about."""
        if not self.last:
            return []
        found = self.unreceived([(1, self.last)])
        for known in (held, self.gapped):
            found = [pair for low, high in found for pair in known.missing(low, high)]
        return found

    def take(self, receipt: Receipt) -> bool:
        """Take the hub's ranges for the truth; true when it has lost some that it had (it was restored).

        What was lost and declared, and is missing again, must be declared again.
        """
        lost = [pair for low, high in self.received for pair in receipt.ranges.missing(low, high)]
        self.received = receipt.ranges.copy()
        for known in (Ranges(lost), self.received):
            self.gapped = Ranges(pair for low, high in self.gapped for pair in known.missing(low, high))
        if lost:
            self.check = None
        if receipt.check is not None:
            self.check = (receipt.through, receipt.check)
        return bool(lost)


def count(pairs: Iterable[tuple[int, int]]) -> int:
    """How many numbers lie in the ranges `pairs`."""
    return sum(high - low + 1 for low, high in pairs)
