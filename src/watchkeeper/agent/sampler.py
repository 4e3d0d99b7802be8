"""Takes one report at each tick, and what goes with it: process table, states, facts, events."""

from __future__ import annotations

import threading

from watchkeeper.agent.journal import pack_snapshot
from watchkeeper.agent.ticks import ClockWatch, Ticks, boottime
from watchkeeper.agent.vector import Vector
from watchkeeper.base.errors import TooLargeError
from watchkeeper.wire.frames import METRICS
from watchkeeper.wire.records import SCHEMA, pack, pack_report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from watchkeeper.agent.board import Board
    from watchkeeper.agent.crew import Crew
    from watchkeeper.agent.journal import Journal
    from watchkeeper.base.clock import Clock
    from watchkeeper.uplink.spool import Spool

    class Table(Protocol):
        def want(self) -> None: ...

        def table(self) -> dict[str, object]: ...


# Seconds between two process tables that are kept, and between two looks at whether the facts have changed.
TABLE_EVERY = 30.0
FACTS_EVERY = 300.0
# Lists of series that the hub may still ask for.
_REMEMBERED = 16


class Sampler:
    """Ticks: one report and what belongs to it.

    `table` gives the process table after it was wanted, `facts` the facts; `watched` tells whether somebody looks at
    this host now.
    """

    def __init__(
        self,
        spool: Spool,
        journal: Journal,
        crew: Crew,
        board: Board,
        *,
        interval: float,
        boot: int,
        clock: Clock,
        facts: Callable[[], dict[str, object]],
        table: Table | None,
        watched: Callable[[], bool] = lambda: False,
    ) -> None:
        self._spool = spool
        self._journal = journal
        self._crew = crew
        self._board = board
        self._interval = interval
        self._boot = boot
        self._clock = clock
        self._facts = facts
        self._table = table
        self._watched = watched
        self._vector = Vector()
        self._watch = ClockWatch()
        self._schemas: dict[int, bytes] = {}
        self._sent: tuple[bytes, int] | None = None
        self._hinted = 0
        self._newest: tuple[int, bytes] | None = None
        self._extras: bytes | None = None
        self._table_due = self._facts_due = float("-inf")
        self._known_facts: dict[str, object] | None = None
        self._capped = False
        self._lost = 0
        self.ticks = 0

    def run(self, stop: threading.Event, after_tick: Callable[[], None]) -> None:
        """Tick until `stop` is set. The first tick is at once; the others are on the grid."""
        ticks = Ticks(self._interval)
        self.tick()
        after_tick()
        wall = self._clock.wall()
        wait = ticks.wait(wall)
        due = wall + wait
        while not self._clock.wait(stop, wait):
            self.tick()
            after_tick()
            wall = self._clock.wall()
            wait = ticks.after(wall, due)
            due = wall + wait

    def tick(self) -> None:
        """Take one report and append it."""
        wall, monotonic = self._clock.wall(), self._clock.monotonic()
        self._check_clock(wall, monotonic)
        due, watched = monotonic >= self._table_due, self._watched()
        if self._table is not None and (due or watched):
            self._table.want()
        values = self._values(monotonic)
        report = pack_report(round(wall, 3), monotonic, self._vector.number, self._boot, values)
        self._newest = (self._vector.number, report)
        records = [report]
        self._extras = None
        if self._table is not None and (due or watched):
            table = pack_snapshot("processes", wall, {"time": round(wall, 3), **self._table.table()})
            if due:
                self._table_due = monotonic + TABLE_EVERY - self._interval / 2
                records.append(table)
            else:
                self._extras = table
        self._append(records)
        self._note_changes(monotonic)
        self.ticks += 1

    def hint(self) -> bytes | None:
        """The newest report for the live view, behind its schema the first time."""
        if self._newest is None:
            return None
        number, report = self._newest
        if number == self._hinted:
            return report
        self._hinted = number
        return pack(SCHEMA, self._schemas[number]) + report

    def extras(self) -> bytes | None:
        """The newest process table for the live view."""
        return self._extras

    def repeat_schemas(self, numbers: list[int]) -> None:
        """The hub lacks these schemas: append those that are still known."""
        records = [pack(SCHEMA, self._schemas[number]) for number in numbers if number in self._schemas]
        if records:
            self._spool.append(METRICS, records)

    def _values(self, monotonic: float) -> list[float]:
        vector = self._vector
        vector.begin(monotonic)
        for entry in self._crew.collect(monotonic):
            vector.fill(entry.samples, getattr(entry.collect, "describe", None))
            parts = getattr(entry.collect, "parts", None)
            if parts is not None:
                self._board.note_parts(entry.name, parts)
        vector.fill(self._board.samples())
        return vector.finish()  # type: ignore[return-value]

    def _append(self, records: list[bytes]) -> None:
        """Append one batch, with the schema before it where its stream has not got it yet."""
        number = self._vector.number
        if number not in self._schemas:
            self._schemas[number] = self._vector.schema
            while len(self._schemas) > _REMEMBERED:
                del self._schemas[next(iter(self._schemas))]
        if self._sent is None or self._sent[1] != number:
            records = [pack(SCHEMA, self._schemas[number]), *records]
        try:
            stream, _ = self._spool.append(METRICS, records)
        except TooLargeError as error:
            self._journal.event("report.too_large", "error", reason=str(error))
            return
        if self._sent is not None and self._sent[0] != stream and self._sent[1] == number:
            # The spool began a new stream: its first report came without a schema.
            self._spool.append(METRICS, [pack(SCHEMA, self._schemas[number])])
        self._sent = (stream, number)

    def _check_clock(self, wall: float, monotonic: float) -> None:
        step, slept = self._watch.check(wall, monotonic, boottime(monotonic))
        if step:
            self._journal.event("clock.stepped", "warning", seconds=round(step, 3))
        if slept:
            self._journal.event("host.resumed", slept=round(slept, 3))

    def _note_changes(self, monotonic: float) -> None:
        for name, _, state in self._board.take_changes():
            if state.state == "failing":
                self._journal.event("collector.failed", "warning", collector=name, reason=state.reason)
            else:
                self._journal.event("collector.recovered", collector=name, state=state.state)
        snapshot = self._board.take_snapshot()
        if snapshot is not None:
            self._journal.snapshot("collectors", snapshot)
        if monotonic >= self._facts_due:
            self._facts_due = monotonic + FACTS_EVERY
            found = self._facts()
            if found != self._known_facts:
                self._known_facts = found
                self._journal.snapshot("facts", found)
        self._note_losses()

    def _note_losses(self) -> None:
        capped = bool(self._vector.capped)
        if capped and not self._capped:
            example = min(self._vector.capped)
            self._journal.event("series.capped", "warning", limit=len(self._vector), example=example)
        self._capped = capped
        lost = int(self._spool.stats()["lost_batches"])  # type: ignore[call-overload]
        if lost > self._lost:
            self._journal.event("spool.lost", "error", batches=lost - self._lost)
        self._lost = lost
