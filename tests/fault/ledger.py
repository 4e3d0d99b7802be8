"""The ledger: what the collector handed over, written down before it did so, out of every fault's reach.

    ledger = Ledger(path)
    first = ledger.note("report", 20)            # numbers first … first + 19, synced before any of it is appended
    stream, seq = spool.append(...)
    ledger.appended(first, stream, seq, index)   # the spool has taken them
    ledger.synced()                              # the spool has promised that they survive a power cut

One line a step; each ends with a full stop, so that a line that a kill tore says nothing.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LANE_OF = {"report": 3, "garbage": 3, "event": 1, "snapshot": 2}

# Each holder of a spool numbers in a space of its own, so that one look at a number tells whose it is.
HOLDER_SPACE = 10**9


def checksum(number: int) -> int:
    """What a record says beside its number: a value that is not its own gives it away."""
    return zlib.crc32(b"watchkeeper ledger %d" % number)


@dataclass(slots=True)
class Noted:
    """Records `first` … `first + count - 1`, which lie in one batch from `index` on once they were appended."""

    kind: str
    first: int
    count: int
    life: int
    stream: bytes = b""
    seq: int = 0
    index: int = 0
    synced: bool = False

    @property
    def appended(self) -> bool:
        return self.seq > 0

    @property
    def lane(self) -> int:
        return LANE_OF[self.kind]

    @property
    def numbers(self) -> range:
        return range(self.first, self.first + self.count)


class Ledger:
    """The writing side, for one process at a time. Numbers go on where the last process stopped."""

    def __init__(self, path: Path, holder: int = 0) -> None:
        entries = read_ledger(path)
        self._next = entries[-1].first + entries[-1].count if entries else holder * HOLDER_SPACE + 1
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._write(f"\nlife {os.getpid()}")

    @property
    def last(self) -> int:
        """The number given out last."""
        return self._next - 1

    def note(self, kind: str, count: int) -> int:
        """Durably claim `count` numbers for records of `kind`; gives the first."""
        first = self._next
        self._next += count
        self._write(f"note {kind} {first} {count}")
        os.fdatasync(self._fd)
        return first

    def appended(self, first: int, stream: bytes, seq: int, index: int) -> None:
        """The records from `first` on lie in batch (`stream`, `seq`) from `index` on."""
        self._write(f"appended {first} {stream.hex()} {seq} {index}")

    def synced(self, last: int) -> None:
        """All records up to `last` that were appended by this process are durable."""
        self._write(f"synced {last}")

    def close(self) -> None:
        os.close(self._fd)

    def _write(self, line: str) -> None:
        os.write(self._fd, f"{line} .\n".encode())


def read_ledger(path: Path) -> list[Noted]:
    """All that was noted, in order."""
    entries: list[Noted] = []
    by_first: dict[int, Noted] = {}
    life = 0
    unsynced: list[Noted] = []
    for word, *rest in _lines(path):
        if word == "life":
            life += 1
            unsynced.clear()
        elif word == "note":
            entry = Noted(rest[0], int(rest[1]), int(rest[2]), life)
            entries.append(entry)
            by_first[entry.first] = entry
        elif word == "appended":
            entry = by_first[int(rest[0])]
            entry.stream, entry.seq, entry.index = bytes.fromhex(rest[1]), int(rest[2]), int(rest[3])
            unsynced.append(entry)
        elif word == "synced":
            for entry in unsynced:
                entry.synced = entry.synced or entry.first <= int(rest[0])
            unsynced = [entry for entry in unsynced if not entry.synced]
    return entries


def _lines(path: Path) -> Iterator[list[str]]:
    if not path.exists():
        return
    for line in path.read_text().splitlines():
        words = line.split()
        if words and words[-1] == ".":
            yield words[:-1]
