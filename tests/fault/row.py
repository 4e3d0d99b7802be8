"""One row of the fault table: what was done how often, and what became of the records."""

from __future__ import annotations

from dataclasses import dataclass

from tests.fault.oracle import Verdict

COLUMNS = (
    "fault", "times", "sent", "stored", "in gaps", "quarantined", "never taken", "lost", "twice", "out of order",
    "drained in",
)  # fmt: skip


@dataclass
class Row:
    """`fault` was injected `times`; `drain` is how long the rest took to arrive once all was well, in seconds."""

    fault: str
    times: int
    verdict: Verdict
    drain: float
    seed: int

    def require(self) -> Row:
        """Print the row; fail with the records that break the bar, and the seed that broke it."""
        print(self.line())
        verdict = self.verdict
        assert verdict.holds, f"{self.fault}, seed {self.seed}\n{verdict.complaint()}"
        assert verdict.sent, f"{self.fault}, seed {self.seed}: nothing was sent, so nothing was shown"
        assert not verdict.held, f"{self.fault}, seed {self.seed}: {verdict.held} records are still in the spool"
        assert self.times, f"{self.fault}, seed {self.seed}: the fault did not happen"
        return self

    def cells(self) -> tuple[str, ...]:
        """The row in the order of COLUMNS. What no promise covered counts as never taken."""
        found = self.verdict
        counts = (
            self.times, found.sent, found.stored, found.gapped, found.quarantined,
            found.unaccepted + found.unpromised, len(found.lost), len(found.doubled), len(found.reordered),
        )  # fmt: skip
        return (self.fault, *(f"{count:,}" for count in counts), f"{self.drain:.1f} s")

    def line(self) -> str:
        return table_line(self.cells())


def table_line(cells: tuple[str, ...]) -> str:
    """One line of a table in Markdown."""
    return "| " + " | ".join(cells) + " |"
