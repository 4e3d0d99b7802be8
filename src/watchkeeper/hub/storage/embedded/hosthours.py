"""What becomes of one host's journalled reports: chunks, and the hours whose rollups change."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence

import msgspec
import numpy as np

from watchkeeper.hub.storage.embedded.block import Block, empty_block, from_reports, join
from watchkeeper.hub.storage.embedded.chunks import ChunkRow, decode_chunk, encode_chunk
from watchkeeper.hub.storage.embedded.journal import Heads
from watchkeeper.hub.storage.embedded.latecomers import stored_reports
from watchkeeper.hub.storage.embedded.names import Names
from watchkeeper.hub.storage.embedded.rates import with_rates
from watchkeeper.hub.storage.embedded.slices import Waif
from watchkeeper.hub.storage.embedded.steps import DAY, HOUR
from watchkeeper.wire.records import COUNTER, REPORT_HEADER


class HostHours(msgspec.Struct):
    """`chunks` to write, and by start of hour its reports with counters as rates: the whole hour's, or in
    `additions`, where raw reports of the hour have expired, only those that are new.
    """

    host: int
    arrived: float
    chunks: list[ChunkRow]
    hours: dict[int, Block]
    additions: dict[int, Block]
    waifs: list[Waif]
    newest: tuple[int, float, int, bytes]


def compact_host(
    db: sqlite3.Connection, names: Names, host: int, heads: Heads, payloads: Sequence[bytes], now: float
) -> HostHours:
    """Merge reports, in order of arrival, into the chunks that cover their hours."""
    block, unknown = from_reports(heads, payloads, names.schemas(host))
    arrived = float(heads["received"].max())
    counters = {number for number in block.columns if names[number].kind == COUNTER}
    last = (host, float(heads["received"][-1]), REPORT_HEADER.unpack_from(payloads[-1])[2], payloads[-1])
    found = HostHours(host, arrived, [], {}, {}, [_waif(host, heads, payloads, at) for at in unknown], last)
    before: tuple[int, Block] = (0, empty_block())
    for start, span, row in _targets(db, host, block):
        new = block.window(start, start + span)
        old = _content(db, row) if row else empty_block()
        whole = join([old, new])
        found.chunks.append(ChunkRow(host, start, span, arrived, encode_chunk(whole), [row] if row else []))
        if before[0] != start:
            before = (start, _before(db, host, start, counters))
        for hour in _hours(new):
            # Younger hours have all their raw reports.
            if hour < now - DAY and stored_reports(db, host, hour) > len(old.window(hour, hour + HOUR)):
                found.additions[hour] = with_rates(new.window(hour, hour + HOUR), counters)
            else:
                lead = join([before[1], whole.window(start, hour)])
                found.hours[hour] = with_rates(whole.window(hour, hour + HOUR), counters, lead)
        before = (start + span, whole)
    return found


def _waif(host: int, heads: Heads, payloads: Sequence[bytes], at: int) -> Waif:
    _, _, stream, index, seq, received = heads[at].tolist()
    return Waif(host, stream, seq, index, received, REPORT_HEADER.unpack_from(payloads[at])[2], payloads[at])


def _hours(block: Block) -> list[int]:
    """The starts of the hours that have reports."""
    return [int(hour) * HOUR for hour in np.unique(block.times // HOUR)]


def _targets(db: sqlite3.Connection, host: int, block: Block) -> list[tuple[int, int, int]]:
    """Start, span and row (0: none yet) of the chunks into which `block` goes, oldest first; new ones are an hour."""
    targets: dict[int, tuple[int, int, int]] = {}
    for hour in _hours(block):
        row = db.execute(
            "SELECT start, span, id FROM chunks WHERE host = ? AND start <= ? AND start + span > ?"
            " ORDER BY start DESC LIMIT 1",
            (host, hour, hour),
        ).fetchone()
        target = (hour, HOUR, 0) if row is None else row
        targets[target[0]] = target
    return [targets[start] for start in sorted(targets)]


def _content(db: sqlite3.Connection, row: int) -> Block:
    return decode_chunk(db.execute("SELECT data FROM chunks WHERE id = ?", (row,)).fetchone()[0])


def _before(db: sqlite3.Connection, host: int, start: int, counters: Collection[int]) -> Block:
    """The end of the chunk before `start`: the first rate of an hour begins there."""
    row = db.execute(
        "SELECT data FROM chunks WHERE host = ? AND start < ? AND start + span > ? ORDER BY start DESC LIMIT 1",
        (host, start, start - HOUR),
    ).fetchone()
    return decode_chunk(row[0], counters, origins=False) if row is not None else empty_block()
