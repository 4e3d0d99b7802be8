"""The oracle: compares the ledger with what the hub has, record by record.

The bar everywhere: nothing lost that no gap tells, nothing twice, nothing out of order, nothing
changed on the way, and no gap about something that is there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from tests.fault.ledger import HOLDER_SPACE, Noted
from tests.fault.stored import Row, Stored
from watchkeeper.hub.model.records import StoredGap
from watchkeeper.wire.ranges import Ranges

BatchName = tuple[bytes, int]


@dataclass
class Verdict:
    """Counts of records, and the records that break the bar.

    `unaccepted`: noted, but killed before the spool took them; nothing was promised. `unpromised`: taken, but not
    yet synced when the power went. `held`: still in the spool, and not receipted by the hub.
    """

    sent: int = 0
    stored: int = 0
    gapped: int = 0
    quarantined: int = 0
    held: int = 0
    unaccepted: int = 0
    unpromised: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    reordered: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)
    contradicted: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not (self.lost or self.doubled or self.reordered or self.corrupt or self.contradicted)

    def complaint(self) -> str:
        """The first few records of each broken bar, in words."""
        parts = []
        for name in ("lost", "doubled", "reordered", "corrupt", "contradicted"):
            found = getattr(self, name)
            if found:
                parts.append(f"{len(found)} {name}: " + "; ".join(found[:5]))
        return "\n".join(parts)


def judge(
    ledger: Iterable[Noted], stored: Stored, held: set[BatchName] | None = None, power_cut: bool = False
) -> Verdict:
    """Where each record of the ledger went.

    With `power_cut` the fault takes what no sync has promised; without it, all that the spool took must survive.
    """
    entries = list(ledger)
    found = _Judge(stored, held or set(), power_cut)
    for entry in entries:
        for number in entry.numbers:
            found.classify(entry, number)
    verdict = found.verdict
    verdict.corrupt += [f"{rows[0]} was never noted" for rows in found.rows.values()]
    verdict.reordered += out_of_order(stored.rows, entries)
    return verdict


class _Judge:
    """What the hub has, by number; `classify` takes the rows that it has explained out of `rows`."""

    def __init__(self, stored: Stored, held: set[BatchName], power_cut: bool) -> None:
        self.verdict = Verdict(corrupt=list(stored.corrupt))
        self.rows: dict[int, list[Row]] = defaultdict(list)
        for row in stored.rows:
            self.rows[row.number].append(row)
        self._quarantined = stored.quarantined
        self._lost = lost_batches(stored.gaps)
        self._received = stored.received
        self._held = held
        self._power_cut = power_cut

    def classify(self, entry: Noted, number: int) -> None:
        verdict = self.verdict
        verdict.sent += 1
        rows = self.rows.pop(number, [])
        batch = (entry.stream, entry.seq)
        quarantined = self._quarantined[batch] if entry.appended else 0
        gapped = entry.appended and entry.stream in self._lost and entry.seq in self._lost[entry.stream]
        what = f"{entry.kind} {number} (life {entry.life}, stream {entry.stream.hex()[:8]}, seq {entry.seq})"
        if len(rows) + quarantined > 1:
            verdict.doubled.append(f"{what} is stored {len(rows) + quarantined} times: {rows}")
        elif rows:
            verdict.stored += 1
            self._check_place(entry, number, rows[0], what)
        elif quarantined:
            verdict.quarantined += 1
        elif gapped:
            verdict.gapped += 1
        elif not entry.appended:
            verdict.unaccepted += 1
        elif batch in self._held and entry.seq not in self._received.get(entry.stream, Ranges()):
            verdict.held += 1
        elif self._power_cut and not entry.synced:
            verdict.unpromised += 1
        else:
            verdict.lost.append(what)
        if gapped and (rows or quarantined):
            verdict.contradicted.append(f"{what} is stored, and a gap says that it is lost")

    def _check_place(self, entry: Noted, number: int, row: Row, what: str) -> None:
        place = (entry.stream, entry.seq, entry.index + number - entry.first)
        # A batch may move to another stream after a rollback; in its own stream it has one place for ever.
        if entry.appended and row.place is not None and row.place[0] == entry.stream and row.place != place:
            self.verdict.reordered.append(f"{what} lies at {row.place[1:]}, not at {place[1:]}")


def lost_batches(gaps: Iterable[StoredGap]) -> dict[bytes, Ranges]:
    """The batches of each stream that gaps tell about."""
    found: dict[bytes, Ranges] = defaultdict(Ranges)
    for gap in gaps:
        found[gap.stream].add(gap.first, gap.last)
    return found


def out_of_order(rows: Iterable[Row], ledger: Iterable[Noted]) -> list[str]:
    """Records whose place or arrival contradicts the order in which the collector handed them over.

    Within a stream the numbers rise with (seq, index). Events, whose place the store does not keep, must have been
    committed in the order of the ledger, life by life and lane by lane.
    """
    found: list[str] = []
    by_stream: dict[bytes, list[tuple[int, int, int]]] = defaultdict(list)
    arrivals: dict[tuple[bytes, int], list[tuple[int, int]]] = defaultdict(list)
    stream_of = {number: entry.stream for entry in ledger if entry.kind == "event" for number in entry.numbers}
    for row in rows:
        if row.place is not None:
            stream, seq, index = row.place
            by_stream[stream].append((seq, index, row.number))
        elif row.arrival is not None:
            key = (stream_of.get(row.number, b""), row.number // HOLDER_SPACE)
            arrivals[key].append((row.arrival, row.number))
    for stream, places in by_stream.items():
        places.sort()
        found += _falls([number for _, _, number in places], f"stream {stream.hex()[:8]}")
    for (stream, _), order in arrivals.items():
        order.sort()
        found += _falls([number for _, number in order], f"events of stream {stream.hex()[:8]}")
    return found


def _falls(numbers: list[int], where: str) -> list[str]:
    return [f"{where}: {after} behind {before}" for before, after in pairwise(numbers) if after < before]
