"""The last hour in memory, for sparklines and the fleet: a ring of minute means for each host."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterable

import numpy as np

from watchkeeper.hub.storage.embedded.block import Block
from watchkeeper.hub.storage.embedded.journal import Entry
from watchkeeper.hub.storage.embedded.minutes import Float32s, MinuteRing
from watchkeeper.hub.storage.embedded.names import Names
from watchkeeper.wire.records import REPORT_HEADER

# The header of a report is as long as this many values, its time the first of them.
_HEAD = REPORT_HEADER.size // 8
_SCHEMA = struct.Struct("<16xI")
# Reports of one minute that may wait before they are folded in.
MOST_WAITING = 60


class _Host:
    """A ring, and the reports of the running minute as they came."""

    __slots__ = ("minute", "ring", "waiting")

    def __init__(self) -> None:
        self.ring = MinuteRing()
        self.minute = 0
        self.waiting: list[bytes] = []


class Recent:
    """Minute means of all hosts. The running minute is folded in when it is over or asked for."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._lock = threading.Lock()
        self._hosts: dict[int, _Host] = {}

    def add(self, entries: Iterable[Entry]) -> None:
        """Note reports that were just committed."""
        with self._lock:
            for entry in entries:
                host = self._hosts.get(entry.host)
                if host is None:
                    host = self._hosts[entry.host] = _Host()
                minute = int(entry.time // 60)
                if minute != host.minute or len(host.waiting) >= MOST_WAITING:
                    self._settle(entry.host, host)
                    host.minute = minute
                host.waiting.append(entry.payload)

    def add_block(self, host: int, block: Block) -> None:
        """Fold in what was stored before this process began."""
        if len(block) and block.columns:
            values = np.array(list(block.columns.values())).T
            with self._lock:
                self._hosts.setdefault(host, _Host()).ring.add(block.times, values, tuple(block.columns), self._names)

    def _settle(self, key: int, host: _Host) -> None:
        waiting, host.waiting = host.waiting, []
        while waiting:
            number = _SCHEMA.unpack_from(waiting[0])[0]
            same = [one for one in waiting if _SCHEMA.unpack_from(one)[0] == number]
            if len(same) < len(waiting):
                waiting = [one for one in waiting if _SCHEMA.unpack_from(one)[0] != number]
            else:
                waiting = []
            series = self._names.schema(key, number)
            if series is not None:
                length = REPORT_HEADER.size + 8 * len(series)
                self._fold(host.ring, [one for one in same if len(one) == length], series)

    def _fold(self, ring: MinuteRing, payloads: list[bytes], series: tuple[int, ...]) -> None:
        if not payloads or not series:
            return
        matrix = np.frombuffer(b"".join(payloads), "<f8").reshape(len(payloads), -1)
        times = matrix[:, 0]
        if len(times) > 1 and bool((times[1:] < times[:-1]).any()):
            matrix = matrix[np.argsort(times, kind="stable")]
        ring.add(matrix[:, 0].copy(), matrix[:, _HEAD:].copy(), series, self._names)

    def minutes(self, hosts: Iterable[int], metric: str, now_minute: int, count: int) -> dict[int, Float32s]:
        """For each host that has the metric: the mean over its series, the last `count` minutes."""
        found: dict[int, Float32s] = {}
        numbers = set(self._names.of_metric(metric))
        with self._lock:
            for key in hosts:
                host = self._hosts.get(key)
                if host is None:
                    continue
                if host.waiting:
                    self._settle(key, host)
                lines = [host.ring.line(number, now_minute, count) for number in host.ring.among(numbers)]
                if lines:
                    found[key] = lines[0] if len(lines) == 1 else mean_of(np.array(lines))
        return found

    def drop_host(self, host: int) -> None:
        with self._lock:
            self._hosts.pop(host, None)


def mean_of(lines: Float32s) -> Float32s:
    """The mean over the first axis of what is known."""
    known = ~np.isnan(lines)
    count = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Float32s = (np.where(known, lines, 0).sum(axis=0) / count).astype(np.float32)
    return mean
