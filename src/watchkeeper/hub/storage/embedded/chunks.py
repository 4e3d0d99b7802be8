"""A chunk: the reports of one host over an hour or more, column by column, with an index.

docs/formats/records-db.md holds the bytes. A reader that wants three series of sixty reads the index
and three columns.
"""

from __future__ import annotations

import sqlite3
import struct
import zlib
from collections.abc import Collection
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from watchkeeper.base.errors import StorageError
from watchkeeper.hub.storage.embedded.block import ORIGIN, Block
from watchkeeper.hub.storage.embedded.columns import PCO_HEADER, decode_column, decompressor, encode_column

MAGIC = b"WKC1"
_HEADER = struct.Struct("<4sIIIB3x")
# Columns that are not series come first in every chunk, under numbers that no series has.
TIME = 0xFFFF_FFFF
_ORIGINS = {"stream": 0xFFFF_FFFE, "index": 0xFFFF_FFFD, "seq": 0xFFFF_FFFC, "boot": 0xFFFF_FFFB, "late": 0xFFFF_FFFA}
_FLOAT = np.dtype("<f8")
CHUNK_HEAD_BYTES = _HEADER.size


# A chunk as bytes, or as a blob in the database of which only parts are read.
Readable = bytes | sqlite3.Blob


class ChunkRow(msgspec.Struct):
    """A chunk as it lies in the table; `replaces` are the rows that it takes the place of."""

    host: int
    start: int
    span: int
    arrived: float
    data: bytes
    replaces: list[int]


def encode_chunk(block: Block) -> bytes:
    """The bytes of a block of at least one report."""
    columns: list[tuple[int, NDArray[Any]]] = [(TIME, block.times)]
    columns += [(number, np.ascontiguousarray(block.origins[name])) for name, number in _ORIGINS.items()]
    columns += sorted(block.columns.items())
    encoded = [(number, *encode_column(column)) for number, column in columns]
    index = b"".join(
        [
            np.array([number for number, _, _ in encoded], "<u4").tobytes(),
            np.array([encoding for _, encoding, _ in encoded], "u1").tobytes(),
            np.array([len(data) for _, _, data in encoded], "<u4").tobytes(),
        ]
    )
    packed = zlib.compress(index, 6)
    header = _HEADER.pack(MAGIC, len(block), len(encoded), len(packed), len(PCO_HEADER))
    return b"".join([header, PCO_HEADER, packed, *[data for _, _, data in encoded]])


def decode_chunk(data: Readable, wanted: Collection[int] | None = None, origins: bool = True) -> Block:
    """The block in `data`, with the columns `wanted` (None: all).

    Without `origins` those are zero and are not read. Raises StorageError for bytes that are no chunk.
    """
    chunk = _Chunk(data)
    times = chunk.column(TIME, _FLOAT)
    found = np.zeros(chunk.count, ORIGIN)
    if origins:
        for name, number in _ORIGINS.items():
            found[name] = chunk.column(number, ORIGIN[name])
    series = [number for number in chunk.places if number < _ORIGINS["late"] and (wanted is None or number in wanted)]
    return Block(times, found, {number: chunk.column(number, _FLOAT) for number in series})


def decoded_bytes(head: bytes) -> int:
    """About how much memory the chunk takes whose first CHUNK_HEAD_BYTES are `head`."""
    _, count, columns, _, _ = _HEADER.unpack(head)
    return int(count * columns * 8)


def _part(data: Readable, start: int, end: int) -> bytes:
    if isinstance(data, bytes):
        return data[start:end]
    data.seek(start)
    return data.read(end - start)


class _Chunk:
    """The index of a chunk, and its columns one at a time."""

    def __init__(self, data: Readable) -> None:
        magic, self.count, columns, index_length, header_length = _HEADER.unpack(_part(data, 0, _HEADER.size))
        if magic != MAGIC:
            raise StorageError("a chunk does not begin as one", "restore records.db from a backup")
        start = _HEADER.size + header_length + index_length
        head = _part(data, _HEADER.size, start)
        self._reader = decompressor(head[:header_length])
        index = zlib.decompress(head[header_length:])
        numbers = np.frombuffer(index, "<u4", columns)
        encodings = np.frombuffer(index, "u1", columns, 4 * columns)
        lengths = np.frombuffer(index, "<u4", columns, 5 * columns)
        ends = start + np.cumsum(lengths, dtype=np.int64)
        values = zip(encodings.tolist(), (ends - lengths).tolist(), ends.tolist(), strict=True)
        self.places: dict[int, tuple[int, int, int]] = dict(zip(numbers.tolist(), values, strict=True))
        self._data = data

    def column(self, number: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        encoding, start, end = self.places[number]
        return decode_column(encoding, _part(self._data, start, end), self.count, dtype, self._reader)
