"""A user's own metrics from `*.prom` files in a folder, in Prometheus text format."""

from __future__ import annotations

import os

from watchkeeper.agent.collectors.custom import Custom
from watchkeeper.agent.machine import MissingError, slurp
from watchkeeper.agent.prometheus import Exposition, parse

_MOST_BYTES = 1 << 20


class Textfiles(Custom):
    """Reads a file anew when it has changed; a file that has gone takes its series with it."""

    def __init__(self, folder: str) -> None:
        super().__init__("textfiles")
        self._folder = folder
        self._read: dict[str, tuple[tuple[int, int, int], Exposition]] = {}

    def __call__(self, now: float) -> dict[str, float]:
        try:
            names = sorted(name for name in os.listdir(self._folder) if name.endswith(".prom"))
        except OSError as error:
            raise MissingError(f"cannot read the folder {self._folder}: {error.strerror}") from None
        self._read = {name: self._read[name] for name in names if name in self._read}
        self.begin()
        for name in names:
            try:
                found = self._file(name)
            except OSError as error:
                self.fail(name, f"cannot be read: {error.strerror}")
            else:
                self.add(name, found)
        return self.samples

    def _file(self, name: str) -> Exposition:
        path = os.path.join(self._folder, name)
        stat = os.stat(path)
        state = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        known = self._read.get(name)
        if known is None or known[0] != state:
            if stat.st_size > _MOST_BYTES:
                found = Exposition()
                found.errors.append(f"has {stat.st_size} bytes, over the limit of {_MOST_BYTES}")
            else:
                found = parse(slurp(path).decode("utf-8", "replace"))
            known = self._read[name] = (state, found)
        return known[1]
