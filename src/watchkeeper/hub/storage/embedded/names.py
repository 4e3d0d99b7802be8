"""Series and schemas: every series has a small number in records.db, every schema is a row of those."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence

import numpy as np

from watchkeeper.hub.model.records import Series
from watchkeeper.wire.series import parse_series


class Names:
    """All series and schemas, in memory. Changed by the committer only, after its transaction."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_id: dict[int, Series] = {}
        self._ids: dict[Series, int] = {}
        self._by_name: dict[str, list[int]] = {}
        self._by_metric: dict[str, list[int]] = {}
        self._schemas: dict[int, dict[int, tuple[int, ...]]] = {}
        self._hosts: dict[int, set[int]] = {}

    def load(self, db: sqlite3.Connection) -> None:
        for number, name, kind, unit in db.execute("SELECT id, name, kind, unit FROM names"):
            self.learn(number, Series(name, kind, unit))
        for host, number, series in db.execute("SELECT host, number, series FROM schemas"):
            self.learn_schema(host, number, tuple(np.frombuffer(series, "<u4").tolist()))

    def learn(self, number: int, series: Series) -> None:
        with self._lock:
            self._by_id[number] = series
            self._ids[series] = number
            self._by_name.setdefault(series.name, []).append(number)
            self._by_metric.setdefault(parse_series(series.name)[0], []).append(number)

    def learn_schema(self, host: int, number: int, series: tuple[int, ...]) -> None:
        with self._lock:
            self._schemas.setdefault(host, {})[number] = series
            for one in series:
                self._hosts.setdefault(one, set()).add(host)

    def forget_host(self, host: int) -> None:
        with self._lock:
            self._schemas.pop(host, None)
            for hosts in self._hosts.values():
                hosts.discard(host)

    def __getitem__(self, number: int) -> Series:
        return self._by_id[number]

    def find(self, series: Series) -> int | None:
        return self._ids.get(series)

    def named(self, name: str) -> list[int]:
        """Numbers of the series of that full name; several when its kind or unit changed."""
        return self._by_name.get(name, [])

    def of_metric(self, metric: str) -> list[int]:
        """Numbers of all series of a metric, whatever their labels."""
        return self._by_metric.get(metric, [])

    def hosts_with(self, number: int, hosts: Sequence[int]) -> list[int]:
        """The positions of those of `hosts` that have, or had, a series."""
        having = self._hosts.get(number, ())
        return [at for at, host in enumerate(hosts) if host in having]

    def schema(self, host: int, number: int) -> tuple[int, ...] | None:
        return self._schemas.get(host, {}).get(number)

    def schemas(self, host: int) -> dict[int, tuple[int, ...]]:
        """The host's schemas by number, in the order in which they came."""
        with self._lock:
            return dict(self._schemas.get(host, {}))


def store_schema(
    db: sqlite3.Connection, names: Names, host: int, number: int, series: Sequence[Series]
) -> tuple[tuple[int, ...], dict[int, Series]]:
    """Write a schema; its series by number, and those of them that are new."""
    fresh: dict[Series, int] = {}
    ids: list[int] = []
    for one in series:
        known = names.find(one) or fresh.get(one)
        if known is None:
            known = _store_name(db, one)
            fresh[one] = known
        ids.append(known)
    db.execute(
        "INSERT OR REPLACE INTO schemas (host, number, series) VALUES (?, ?, ?)",
        (host, number, np.array(ids, "<u4").tobytes()),
    )
    return tuple(ids), {number: one for one, number in fresh.items()}


def _store_name(db: sqlite3.Connection, series: Series) -> int:
    key = (series.name, series.kind, series.unit)
    db.execute("INSERT INTO names (name, kind, unit) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", key)
    (number,) = db.execute("SELECT id FROM names WHERE (name, kind, unit) = (?, ?, ?)", key).fetchone()
    return int(number)
