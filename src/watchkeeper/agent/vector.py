"""The list of series and the place of each in a report."""

from __future__ import annotations

from array import array

from watchkeeper.wire.catalogue import BY_NAME
from watchkeeper.wire.records import GAUGE, pack_schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Describe = Callable[[str], "tuple[str, str]"]

# A hub takes no more from one host, and a mistake in a script must not fill a disk.
MOST_SERIES = 10_000
# Seconds that a series stays in the list, as unknown, after its last sample.
KEEP = 3600.0

_UNKNOWN = float("nan")


class Vector:
    """Series keep their places, so that one that comes and goes does not make a new schema each time."""

    def __init__(self, most: int = MOST_SERIES, keep: float = KEEP) -> None:
        self._most = most
        self._keep = keep
        self._places: dict[str, int] = {}
        self._series: list[tuple[str, str, str]] = []
        self._touched = bytearray()
        self._swept: float | None = None
        self._values = array("d")
        self._stale = True
        self.number = 0
        self.schema = b""
        self.capped: set[str] = set()

    def begin(self, now: float) -> None:
        """Start a report: all series unknown. `now` is monotonic."""
        if self._swept is None:
            self._swept = now
        elif now - self._swept >= self._keep:
            self._sweep()
            self._swept = now
        self._values = array("d", [_UNKNOWN]) * len(self._series)

    def fill(self, samples: dict[str, float], describe: Describe | None = None) -> None:
        """Put samples in their places; `describe` gives kind and unit of a series that no catalogue knows."""
        places, values, touched = self._places, self._values, self._touched
        for name, value in samples.items():
            place = places.get(name)
            if place is None:
                place = self._add(name, describe)
                if place is None:
                    continue
            values[place] = value
            touched[place] = 1

    def finish(self) -> array[float]:
        """The values of this report; `number` and `schema` are those of its list of series."""
        if self._stale:
            self.number, self.schema = pack_schema(self._series)
            self._stale = False
        return self._values

    def __len__(self) -> int:
        return len(self._series)

    def _add(self, name: str, describe: Describe | None) -> int | None:
        if len(self._series) >= self._most:
            if len(self.capped) < self._most:
                self.capped.add(name)
            return None
        kind, unit = describe(name) if describe else _catalogued(name)
        self._places[name] = place = len(self._series)
        self._series.append((name, kind, unit))
        self._values.append(_UNKNOWN)
        self._touched.append(0)
        self._stale = True
        return place

    def _sweep(self) -> None:
        """Drop the series that had no sample since the last sweep."""
        if not all(self._touched):
            self._series = [entry for entry, touched in zip(self._series, self._touched) if touched]
            self._places = {entry[0]: place for place, entry in enumerate(self._series)}
            self._stale = True
        self._touched = bytearray(len(self._series))
        self.capped.clear()


def _catalogued(name: str) -> tuple[str, str]:
    metric = BY_NAME.get(name.partition("{")[0])
    return (metric.kind, metric.unit) if metric else (GAUGE, "")
