"""One column of numbers as bytes: a constant, pcodec, or a mask of what is known and pcodec."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pcodec import ChunkConfig
from pcodec.wrapped import FileCompressor, FileDecompressor

CONSTANT, DENSE, SPARSE = 0, 1, 2
Column = NDArray[Any]

_CONFIG = ChunkConfig()
_COMPRESSOR = FileCompressor()
PCO_HEADER = bytes(_COMPRESSOR.write_header())
_MASK = struct.Struct("<I")
_PCO_TYPES = {"float64": "f64", "float32": "f32", "uint64": "u64", "uint32": "u32", "uint16": "u16"}


def decompressor(header: bytes) -> FileDecompressor:
    """What reads columns that were written under this pcodec header."""
    return FileDecompressor.new(header)[0]


_CURRENT = decompressor(PCO_HEADER)


def encode_column(column: Column) -> tuple[int, bytes]:
    """Encoding and bytes of a column of at least one value."""
    bits = column.view(f"u{column.itemsize}")
    if bool((bits == bits[0]).all()):
        return CONSTANT, column[:1].tobytes()
    if column.dtype.kind != "f":
        return DENSE, _compress(column)
    known = ~np.isnan(column)
    if bool(known.all()):
        return DENSE, _compress(column)
    mask = zlib.compress(np.packbits(known).tobytes(), 6)
    values = column[known]
    return SPARSE, _MASK.pack(len(mask)) + mask + (_compress(values) if len(values) else b"")


def _compress(values: Column) -> bytes:
    chunk = _COMPRESSOR.chunk_compressor(np.ascontiguousarray(values), _CONFIG)
    return bytes(chunk.write_meta()) + bytes(chunk.write_page(0))


def decode_column(
    encoding: int, data: bytes, count: int, dtype: np.dtype[Any], reader: FileDecompressor | None = None
) -> Column:
    """The column of `count` values in `data`."""
    if encoding == CONSTANT:
        return np.full(count, np.frombuffer(data, dtype)[0])
    reader = reader or _CURRENT
    if encoding == DENSE:
        return _decompress(reader, data, count, dtype)
    (length,) = _MASK.unpack_from(data)
    packed = np.frombuffer(zlib.decompress(data[_MASK.size : _MASK.size + length]), np.uint8)
    known = np.unpackbits(packed, count=count).astype(bool)
    column = np.full(count, np.nan, dtype)
    column[known] = _decompress(reader, data[_MASK.size + length :], int(known.sum()), dtype)
    return column


def _decompress(reader: FileDecompressor, data: bytes, count: int, dtype: np.dtype[Any]) -> Column:
    chunk, used = reader.chunk_decompressor(data, _PCO_TYPES[dtype.name])
    column = np.empty(count, dtype)
    chunk.read_page_into(data[used:], count, column)
    return column
