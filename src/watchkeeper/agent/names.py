"""Series names, built once for each label value and then only looked up."""

from __future__ import annotations

from watchkeeper.wire.series import series_name


class Names:
    """The names of several metrics that share one label: `names["eth0"]` is a tuple in order."""

    def __init__(self, label: str, *metrics: str) -> None:
        self._label = label
        self._metrics = metrics
        self._known: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, value: str) -> tuple[str, ...]:
        found = self._known.get(value)
        if found is None:
            found = tuple(series_name(metric, {self._label: value}) for metric in self._metrics)
            self._known[value] = found
        return found

    def keep(self, values: set[str]) -> None:
        """Forget the names of all other label values."""
        if len(self._known) > 2 * len(values) + 16:
            self._known = {value: names for value, names in self._known.items() if value in values}
