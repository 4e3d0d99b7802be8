"""Records: what travels inside a batch. FORMAT.md beside this file is the authority."""

from __future__ import annotations

import struct
import zlib
from array import array
from sys import byteorder

from watchkeeper.base import json
from watchkeeper.base.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REPORT, SCHEMA, EVENT, SNAPSHOT, RESULT, GAP = 1, 2, 3, 4, 5, 6
KINDS = {REPORT: "report", SCHEMA: "schema", EVENT: "event", SNAPSHOT: "snapshot", RESULT: "result", GAP: "gap"}

RECORD_HEADER = struct.Struct("<B3xI")
REPORT_HEADER = struct.Struct("<ddII")
GAUGE, COUNTER = "gauge", "counter"


class Record:
    """A kind and its payload, not looked into."""

    __slots__ = ("kind", "payload")

    def __init__(self, kind: int, payload: bytes | memoryview) -> None:
        self.kind = kind
        self.payload = payload


class Report:
    """All samples that one agent took at one instant.

    `time` is the agent's wall clock and `monotonic` its monotonic clock, both in seconds; `schema`
    the number of the schema that names the values; `boot` changes with each boot of the host;
    `values` little-endian float64, NaN for unknown.
    """

    __slots__ = ("boot", "monotonic", "schema", "time", "values")

    def __init__(self, time: float, monotonic: float, schema: int, boot: int, values: bytes | memoryview) -> None:
        self.time = time
        self.monotonic = monotonic
        self.schema = schema
        self.boot = boot
        self.values = values


def pack(kind: int, payload: bytes) -> bytes:
    """One record as it lies in a batch."""
    return RECORD_HEADER.pack(kind, len(payload)) + payload


def pack_json(kind: int, value: dict[str, object]) -> bytes:
    """One record whose payload is JSON."""
    return pack(kind, json.dumps(value, allow_nan=False))


def pack_report(time: float, monotonic: float, schema: int, boot: int, values: Sequence[float]) -> bytes:
    """One report as it lies in a batch."""
    vector = array("d", values)
    if byteorder == "big":
        vector.byteswap()
    return pack(REPORT, REPORT_HEADER.pack(time, monotonic, schema, boot) + vector.tobytes())


def pack_schema(series: Sequence[tuple[str, str, str]]) -> tuple[int, bytes]:
    """Number and payload of the schema that names `series` (name, kind, unit) in order."""
    payload = json.dumps([list(entry) for entry in series])
    return zlib.crc32(payload), payload


def unpack(payload: bytes | memoryview, count: int) -> Iterator[Record]:
    """The `count` records of a batch. Raises FormatError where the bytes are not records."""
    offset, found = 0, 0
    while offset < len(payload):
        if len(payload) - offset < RECORD_HEADER.size:
            raise FormatError("a record header is cut short", offset=offset)
        kind, length = RECORD_HEADER.unpack_from(payload, offset)
        offset += RECORD_HEADER.size
        if len(payload) - offset < length:
            raise FormatError("a record is cut short", offset=offset)
        yield Record(kind, payload[offset : offset + length])
        offset += length
        found += 1
    if found != count:
        raise FormatError(f"the batch claims {count} records and holds {found}")


def unpack_report(payload: bytes | memoryview) -> Report:
    """The report in `payload`."""
    if len(payload) < REPORT_HEADER.size or (len(payload) - REPORT_HEADER.size) % 8:
        raise FormatError(f"a report of {len(payload)} bytes is not a vector")
    time, monotonic, schema, boot = REPORT_HEADER.unpack_from(payload, 0)
    return Report(time, monotonic, schema, boot, payload[REPORT_HEADER.size :])


def unpack_schema(payload: bytes | memoryview) -> tuple[int, list[tuple[str, str, str]]]:
    """Number and series of the schema in `payload`."""
    try:
        entries = json.loads(bytes(payload))
        series = [(str(name), str(kind), str(unit)) for name, kind, unit in entries]
    except (ValueError, TypeError, RecursionError) as error:
        raise FormatError(f"a schema cannot be read: {error}") from None
    if any(kind not in (GAUGE, COUNTER) for _, kind, _ in series):
        raise FormatError("a schema names a kind of series that is neither gauge nor counter")
    return zlib.crc32(payload), series


def unpack_json(payload: bytes | memoryview) -> dict[str, object]:
    """The JSON object in `payload`."""
    try:
        value = json.loads(bytes(payload))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"a record cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise FormatError("a record is not a JSON object")
    return value
