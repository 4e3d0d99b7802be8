"""Work that takes longer than a tick may: done again and again in a thread of its own."""

from __future__ import annotations

import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Background(threading.Thread):
    """Calls `work` every `every` seconds, never twice at once; `newest` is what it gave last.

    `done` is the monotonic time of that, None before the first. An exception ends up in `newest` too.
    """

    def __init__(self, work: Callable[[], object], every: float) -> None:
        super().__init__(name="background", daemon=True)
        self._work = work
        self._every = every
        self._stop_now = threading.Event()
        self.newest: object = None
        self.done: float | None = None

    def run(self) -> None:
        while not self._stop_now.is_set():
            begin = time.monotonic()
            try:
                newest = self._work()
            except Exception as error:  # noqa: BLE001 - the edge of a thread; the collector reports it
                newest = error
            self.newest, self.done = newest, time.monotonic()
            self._stop_now.wait(max(0.1, self._every - (self.done - begin)))

    def end(self) -> None:
        """Do not begin again."""
        self._stop_now.set()
