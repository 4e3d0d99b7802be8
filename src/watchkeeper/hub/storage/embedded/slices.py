"""Slices: what the compactor hands to the hub, each small enough to be written between two commits."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

import msgspec

from watchkeeper.hub.storage.embedded.chunks import ChunkRow
from watchkeeper.hub.storage.embedded.rollups import RollupRow

# About 10 ms of writing on a plain disk.
SLICE_BYTES = 512 << 10
LARGEST = 2**63 - 1
_LENGTH = struct.Struct("<I")


class Job(msgspec.Struct):
    """What a compactor shall do: journal rows up to `row` into chunks, then merge what closed before `now`."""

    path: str
    row: int
    now: float


class Waif(msgspec.Struct):
    """A report whose schema never came."""

    host: int
    stream: int
    seq: int
    index: int
    received: float
    schema: int
    payload: bytes


class Slice(msgspec.Struct, tag="slice"):
    """Rows to be written in one transaction.

    `watermarks` are hosts and the journal row up to which their reports lie in `chunks` of this
    slice (or in `waifs`); `newest` their last report; `drop_rollups` the rows that `rollups` take the place of.
    """

    chunks: list[ChunkRow] = []
    rollups: list[RollupRow] = []
    drop_rollups: list[int] = []
    waifs: list[Waif] = []
    newest: list[tuple[int, float, int, bytes]] = []
    watermarks: list[tuple[int, int]] = []

    def size(self) -> int:
        """Bytes of data in it."""
        return sum(len(row.data) for row in self.chunks) + sum(len(row.data) for row in self.rollups)


class Flush(msgspec.Struct, tag="flush"):
    """Asks the hub for a byte once all that came before is written.

    Merging reads the rows that the slices before have changed: from older ones it would make what was, and SQLite gives
    the number of a deleted row to a new one.
    """


class Done(msgspec.Struct, tag="done"):
    """The compactor's last word: whether it reached the job's row for all hosts, how many reports it
    compacted, its own peak of memory in KiB, and its processor seconds."""

    whole: bool
    reports: int
    peak_kib: int
    cpu_seconds: float


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Slice | Flush | Done).decode
_decode_job = msgspec.msgpack.Decoder(Job).decode


def pack_message(message: Job | Slice | Flush | Done) -> bytes:
    data = _encode(message)
    return _LENGTH.pack(len(data)) + data


def write_message(pipe: BinaryIO, message: Slice | Flush | Done) -> None:
    pipe.write(pack_message(message))
    pipe.flush()


def read_job(read: Callable[[int], bytes]) -> Job:
    """The first and only message to the compactor."""
    (length,) = _LENGTH.unpack(read(_LENGTH.size))
    return _decode_job(read(length))


def read_messages(read: Callable[[int], bytes]) -> Iterator[Slice | Flush | Done]:
    """Messages until `read` has no more. One that is cut short ends it too."""
    while len(head := read(_LENGTH.size)) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        data = read(length)
        if len(data) < length:
            return
        yield _decode(data)


def write_slice(part: Slice, db: sqlite3.Connection) -> None:
    """Put a slice into the tables; the caller makes it one transaction."""
    db.executemany("DELETE FROM chunks WHERE id = ?", [(old,) for row in part.chunks for old in row.replaces])
    db.executemany(
        "INSERT INTO chunks (host, start, span, arrived, data) VALUES (?, ?, ?, ?, ?)",
        [(row.host, row.start, row.span, row.arrived, row.data) for row in part.chunks],
    )
    db.executemany("DELETE FROM rollups WHERE id = ?", [(old,) for old in part.drop_rollups])
    db.executemany(
        "INSERT INTO rollups (tier, series, shard, start, span, hosts, arrived, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [msgspec.structs.astuple(row) for row in part.rollups],
    )
    db.executemany(
        "INSERT INTO quarantine (host, stream, seq, idx, received, schema, reason, data)"
        " SELECT ?, stream, ?, ?, ?, ?, 'its schema never came', ? FROM streams WHERE id = ?",
        [(w.host, min(w.seq, LARGEST), w.index, w.received, w.schema, w.payload, w.stream) for w in part.waifs],
    )
    db.executemany("INSERT OR REPLACE INTO newest (host, received, schema, payload) VALUES (?, ?, ?, ?)", part.newest)
    db.executemany("INSERT OR REPLACE INTO watermarks (host, journal) VALUES (?, ?)", part.watermarks)
