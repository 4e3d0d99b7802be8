"""Runs the collectors so that none of them can harm another: not by raising, not by hanging."""

from __future__ import annotations

import threading
import time

from watchkeeper.agent.board import DISABLED, FAILING, RUNNING, UNAVAILABLE, Board
from watchkeeper.agent.machine import MissingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Collect = Callable[[float], dict[str, float]]

# Seconds that a collector may take before it is left behind.
PATIENCE = 2.0
# Seconds until a collector that had nothing to read, or hung, is tried again.
RETRY = 60.0


class Entry:
    """One collector: when it is due next and what it gave last."""

    __slots__ = ("collect", "due", "error", "name", "samples", "seconds")

    def __init__(self, name: str, collect: Collect) -> None:
        self.name = name
        self.collect = collect
        self.due = float("-inf")
        self.samples: dict[str, float] = {}
        self.seconds = 0.0
        self.error: Exception | None = None


class Round(threading.Thread):
    """A thread that runs rounds of collectors. One that hangs takes its thread along; the crew gets another."""

    def __init__(self) -> None:
        super().__init__(name="collectors", daemon=True)
        self._begin = threading.Semaphore(0)
        self._entries: list[Entry] = []
        self._now = 0.0
        self.done = threading.Event()
        self.current: Entry | None = None
        self.left_behind = False
        self.finished: list[Entry] = []

    def start_round(self, entries: list[Entry], now: float) -> None:
        self._entries, self._now, self.finished = entries, now, []
        self.done.clear()
        self._begin.release()

    def end(self) -> None:
        self.left_behind = True
        self._begin.release()

    def run(self) -> None:
        self._begin.acquire()
        while not self.left_behind:
            for entry in self._entries:
                self.current = entry
                if not self._collect(entry):
                    return
            self.current = None
            self.done.set()
            self._begin.acquire()

    def _collect(self, entry: Entry) -> bool:
        """Run one collector; false when the crew has left this thread behind meanwhile."""
        begin = time.perf_counter()
        samples: dict[str, float] = {}
        error: Exception | None = None
        try:
            samples = entry.collect(self._now)
        except Exception as caught:  # noqa: BLE001 - the edge of a collector; its state tells
            error = caught
        if self.left_behind:
            return False
        entry.samples, entry.error = samples, error
        entry.seconds = time.perf_counter() - begin
        self.finished.append(entry)
        return True


class Crew:
    """All collectors. `collect` gives the samples of those that worked and keeps the board up to date."""

    def __init__(self, board: Board, patience: float = PATIENCE) -> None:
        self._board = board
        self._patience = patience
        self._entries: list[Entry] = []
        self._stuck: dict[str, Round] = {}
        self._round: Round | None = None

    def add(self, name: str, collect: Collect) -> None:
        self._entries.append(Entry(name, collect))

    def add_disabled(self, name: str) -> None:
        self._board.note(name, DISABLED, "switched off in agent.collectors")

    def collect(self, now: float) -> list[Entry]:
        """Run what is due at monotonic time `now`; the entries that gave samples, in their order."""
        waiting = [entry for entry in self._entries if entry.due <= now and not self._is_stuck(entry)]
        worked: list[Entry] = []
        while waiting:
            thread = self._thread()
            thread.start_round(waiting, now)
            current = self._watch(thread)
            for entry in list(thread.finished):
                self._note(entry, now)
                if entry.error is None:
                    worked.append(entry)
            if current is None:
                break
            self._leave_behind(thread, current, now)
            waiting = waiting[waiting.index(current) + 1 :]
        return worked

    def end(self) -> None:
        """Let the thread end."""
        if self._round is not None:
            self._round.end()
        for entry in self._entries:
            getattr(entry.collect, "end", lambda: None)()

    def _thread(self) -> Round:
        if self._round is None:
            self._round = Round()
            self._round.start()
        return self._round

    def _watch(self, thread: Round) -> Entry | None:
        """Wait for the round; the collector that hangs, or None when all are done."""
        while True:
            before = thread.current
            if thread.done.wait(self._patience):
                return None
            current = thread.current
            if current is not None and current is before:
                return current

    def _leave_behind(self, thread: Round, entry: Entry, now: float) -> None:
        thread.left_behind = True
        self._round = None
        self._stuck[entry.name] = thread
        entry.due = now + RETRY
        self._board.note(entry.name, FAILING, f"hangs: no answer within {self._patience:g} s", self._patience)

    def _is_stuck(self, entry: Entry) -> bool:
        thread = self._stuck.get(entry.name)
        if thread is None:
            return False
        if thread.is_alive():
            return True
        del self._stuck[entry.name]
        return False

    def _note(self, entry: Entry, now: float) -> None:
        error = entry.error
        if error is None:
            self._board.note(entry.name, RUNNING, "", entry.seconds)
        elif isinstance(error, MissingError):
            entry.due = now + RETRY
            self._board.note(entry.name, UNAVAILABLE, str(error), entry.seconds)
        else:
            self._board.note(entry.name, FAILING, f"{type(error).__name__}: {error}", entry.seconds)
