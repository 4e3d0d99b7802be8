"""The few values that a list of hosts shows, taken out of a report without decoding the rest."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

from watchkeeper.hub.model.records import Series
from watchkeeper.wire.records import REPORT_HEADER
from watchkeeper.wire.series import parse_series

_F64 = struct.Struct("<d").unpack_from
_VALUES = REPORT_HEADER.size
_SINGLES = {
    "cpu": "cpu.percent",
    "memory": "memory.percent",
    "load": "load.1",
    "uptime": "system.uptime",
}
_SPOOL = {"size": "agent.spool.size", "batches": "agent.spool.batches", "age": "agent.spool.age"}


class Plan:
    """Where in a report of one schema the values for lists stand."""

    __slots__ = ("_disks", "_places", "_receive", "_send", "_singles", "_spool", "series", "units")

    def __init__(self, series: Sequence[Series]) -> None:
        self.series = series
        places: dict[str, list[tuple[int, dict[str, str]]]] = {}
        for index, entry in enumerate(series):
            metric, labels = parse_series(entry.name)
            places.setdefault(metric, []).append((index, labels))
        self._places = {metric: [index for index, _ in found] for metric, found in places.items()}
        self.units = {metric: series[found[0]].unit for metric, found in self._places.items()}
        first = {metric: found[0][0] for metric, found in places.items()}
        self._singles = [(key, first.get(metric)) for key, metric in _SINGLES.items()]
        self._spool = [(key, first.get(metric)) for key, metric in _SPOOL.items()]
        self._disks = [(index, labels.get("mount", "")) for index, labels in places.get("disk.percent", [])]
        self._receive = _outside(places.get("network.receive", []))
        self._send = _outside(places.get("network.send", []))

    def now(self, report: bytes) -> dict[str, float | str | None]:
        """CPU, memory, fullest disk, load, traffic of all interfaces but loopback, uptime; None for unknown."""
        values: dict[str, float | str | None] = {key: value_at(report, index) for key, index in self._singles}
        fullest, mount = None, None
        for index, name in self._disks:
            percent = value_at(report, index)
            if percent is not None and (fullest is None or percent > fullest):
                fullest, mount = percent, name
        values["disk"], values["disk_mount"] = fullest, mount
        values["receive"] = _sum(report, self._receive)
        values["send"] = _sum(report, self._send)
        return values

    def named(self, wanted: str) -> list[tuple[int, Series]]:
        """Places and series of a metric, or of one series by its full name."""
        places = self._places.get(wanted)
        if places is None:
            return [(index, entry) for index, entry in enumerate(self.series) if entry.name == wanted]
        return [(index, self.series[index]) for index in places]

    def spool(self, report: bytes) -> dict[str, float | None]:
        """What the agent's spool holds: bytes, batches, seconds of age."""
        return {key: value_at(report, index) for key, index in self._spool}


def value_at(report: bytes, index: int | None) -> float | None:
    """The value at `index` of the vector; None when it is unknown, infinite or not there."""
    if index is None or _VALUES + 8 * index + 8 > len(report):
        return None
    value: float = _F64(report, _VALUES + 8 * index)[0]
    return value if math.isfinite(value) else None


def values_of(report: bytes) -> list[float]:
    """The whole vector; what is not finite becomes null in JSON."""
    count = (len(report) - _VALUES) // 8
    return list(struct.unpack_from(f"<{count}d", report, _VALUES))


def _outside(found: list[tuple[int, dict[str, str]]]) -> list[int]:
    return [index for index, labels in found if labels.get("interface") != "lo"]


def _sum(report: bytes, indices: list[int]) -> float | None:
    known = [value for index in indices if (value := value_at(report, index)) is not None]
    return sum(known) if known else None
