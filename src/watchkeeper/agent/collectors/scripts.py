"""A user's own metrics from programs in a folder that print Prometheus text format."""

from __future__ import annotations

import os
import time

from watchkeeper.agent.background import Background
from watchkeeper.agent.child import run
from watchkeeper.agent.collectors.custom import Custom
from watchkeeper.agent.machine import MissingError
from watchkeeper.agent.prometheus import Exposition, parse


class Scripts(Custom):
    """Runs the programs one after another beside the ticks; a sample is the newest that its program gave."""

    def __init__(self, folder: str, timeout: float, every: float) -> None:
        super().__init__("scripts")
        self._folder = folder
        self._timeout = timeout
        self._every = every
        self._background: Background | None = None
        self._results: dict[str, tuple[float, Exposition, float, str]] = {}

    def __call__(self, now: float) -> dict[str, float]:
        if self._background is None:
            self._background = Background(self._round, self._every)
            self._background.start()
        newest = self._background.newest
        if isinstance(newest, Exception):
            raise newest
        results = self._results
        self.begin()
        # While a slow round goes on, a result holds until each of the other programs has had its time.
        fresh = self._every + (len(results) + 1) * (self._timeout + 1.0)
        for name in sorted(results):
            done, found, seconds, problem = results[name]
            if now - done <= fresh:
                self.add(name, found, seconds, problem)
        return self.samples

    def end(self) -> None:
        if self._background is not None:
            self._background.end()

    def _round(self) -> None:
        try:
            names = sorted(os.listdir(self._folder))
        except OSError as error:
            raise MissingError(f"cannot read the folder {self._folder}: {error.strerror}") from None
        programs = [name for name in names if _is_program(os.path.join(self._folder, name))]
        self._results = {name: result for name, result in self._results.items() if name in programs}
        for name in programs:
            begin = time.monotonic()
            output = run([os.path.abspath(os.path.join(self._folder, name))], self._timeout)
            done = time.monotonic()
            # What a program printed before it failed may be half of a line.
            found = Exposition() if output.problem else parse(output.out.decode("utf-8", "replace"))
            self._results = {**self._results, name: (done, found, done - begin, output.problem)}


def _is_program(path: str) -> bool:
    return not os.path.basename(path).startswith(".") and os.path.isfile(path) and os.access(path, os.X_OK)
