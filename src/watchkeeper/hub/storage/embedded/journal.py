"""The journal: one row a group commit, and where in it the reports of each host lie.

A row holds the reports as they came, one after the other, and a fixed-size head for each, so that a
reader finds its own without looking into the others.
"""

from __future__ import annotations

import sqlite3
import struct
import threading
from array import array
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from watchkeeper.hub.model.records import Floats

HEAD = np.dtype(
    [("host", "<u4"), ("length", "<u4"), ("stream", "<u4"), ("index", "<u4"), ("seq", "<u8"), ("received", "<f8")]
)
_HEAD = struct.Struct("<IIIIQd")
Heads = NDArray[np.void]


class Entry(msgspec.Struct):
    """One report on its way into the journal. `stream` is the row of its stream; `time` its own."""

    host: int
    stream: int
    seq: int
    index: int
    received: float
    time: float
    payload: bytes


def pack_row(entries: Sequence[Entry]) -> tuple[bytes, bytes]:
    """Heads and reports of one journal row."""
    pack = _HEAD.pack
    heads = [pack(e.host, len(e.payload), e.stream, e.index, e.seq, e.received) for e in entries]
    return b"".join(heads), b"".join([e.payload for e in entries])


def read_heads(data: bytes) -> tuple[Heads, NDArray[np.int64]]:
    """The heads of a row and the offset of each report in it."""
    heads = np.frombuffer(data, HEAD)
    ends = np.cumsum(heads["length"], dtype=np.int64)
    return heads, ends - heads["length"]


class _Places:
    """Where the reports of one host lie: row, offset, length and time of each."""

    __slots__ = ("hours", "lengths", "offsets", "rows", "times")

    def __init__(self) -> None:
        self.hours: dict[int, int] = {}
        self.rows = array("q")
        self.offsets = array("I")
        self.lengths = array("I")
        self.times = array("d")

    def drop_through(self, row: int) -> None:
        keep = int(np.searchsorted(np.asarray(self.rows), row, side="right"))
        for values in (self.rows, self.offsets, self.lengths, self.times):
            del values[:keep]
        hours, counts = np.unique(np.asarray(self.times) // 3600, return_counts=True)
        self.hours = dict(zip(hours.astype(np.int64).tolist(), counts.tolist(), strict=True))


class Places(msgspec.Struct):
    """Row, offset and length of reports in the journal, and their times."""

    at: NDArray[np.int64]
    times: Floats

    def above(self, row: int) -> Places:
        """Those in rows above `row`."""
        keep = self.at[:, 0] > row
        return Places(self.at[keep], self.times[keep])


class JournalIndex:
    """In memory: which journal rows hold reports of which host. Rebuilt from the heads at start.

    A reader copies its host's places *before* it opens its snapshot and then ignores rows at or
    below the watermark that it sees there; so a compaction in between neither hides nor doubles.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: dict[int, _Places] = {}

    def add(self, row: int, entries: Iterable[Entry]) -> None:
        """Note the reports of a committed row."""
        offset = 0
        with self._lock:
            for entry in entries:
                places = self._places.get(entry.host)
                if places is None:
                    places = self._places[entry.host] = _Places()
                places.rows.append(row)
                places.offsets.append(offset)
                length = len(entry.payload)
                places.lengths.append(length)
                places.times.append(entry.time)
                hour = int(entry.time // 3600)
                places.hours[hour] = places.hours.get(hour, 0) + 1
                offset += length

    def hosts(self) -> list[int]:
        with self._lock:
            return list(self._places)

    def places(self, host: int, start: float, end: float) -> Places:
        """Where the host's reports with a time in [start, end) lie, oldest arrival first."""
        with self._lock:
            places = self._places.get(host) or _Places()
            found = np.empty((len(places.rows), 3), np.int64)
            found[:, 0] = places.rows
            found[:, 1] = places.offsets
            found[:, 2] = places.lengths
            times = np.array(places.times)
        inside = (times >= start) & (times < end)
        return Places(found[inside], times[inside])

    def older(self, hosts: Iterable[int], hour: int) -> list[int]:
        """Those of `hosts` with reports of an hour before `hour` (hours since 1970)."""
        with self._lock:
            mine = [(host, self._places.get(host)) for host in hosts]
            return [host for host, places in mine if places is not None and any(one < hour for one in places.hours)]

    def size(self) -> int:
        """How many reports the index holds."""
        with self._lock:
            return sum(len(places.rows) for places in self._places.values())

    def oldest_hour(self) -> int | None:
        """The oldest hour since 1970 that a report in the journal belongs to."""
        with self._lock:
            return min((hour for places in self._places.values() for hour in places.hours), default=None)

    def drop_through(self, host: int, row: int) -> None:
        """Forget the host's reports in rows up to `row`: they lie in chunks now."""
        with self._lock:
            places = self._places.get(host)
            if places is not None:
                places.drop_through(row)
                if not places.rows:
                    del self._places[host]

    def drop_host(self, host: int) -> None:
        with self._lock:
            self._places.pop(host, None)


def read_payloads(db: sqlite3.Connection, places: Places) -> list[bytes]:
    """The reports at `places`, in that order, without reading those of other hosts beside them."""
    payloads: list[bytes] = []
    for row, offset, length in places.at.tolist():
        with db.blobopen("journal", "reports", row, readonly=True) as blob:
            blob.seek(offset)
            payloads.append(blob.read(length))
    return payloads


def read_origins(db: sqlite3.Connection, places: Places) -> Heads:
    """The heads of the reports at `places`, in that order."""
    heads: list[bytes] = []
    wanted = places.at.tolist()
    rows = str(np.unique(places.at[:, 0]).tolist())
    query = "SELECT id, heads FROM journal WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
    at = 0
    for row, data in db.execute(query, (rows,)):
        ends = np.cumsum(np.frombuffer(data, HEAD)["length"]).tolist()
        while at < len(wanted) and wanted[at][0] == row:
            position = ends.index(wanted[at][1] + wanted[at][2])
            heads.append(data[position * HEAD.itemsize : (position + 1) * HEAD.itemsize])
            at += 1
    return np.frombuffer(b"".join(heads), HEAD)
