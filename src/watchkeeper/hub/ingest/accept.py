"""What of a post is new: pure arithmetic over stream states, without clocks, disks or sockets.

verdict = accept(post, host=7, received=now, streams=streams)
store.append(verdict.batches, [(post.stream, state)], verdict.gaps)
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from watchkeeper.base.errors import ForbiddenError, FormatError
from watchkeeper.hub.model.records import Batch, StoredGap, StreamState
from watchkeeper.wire.frames import LANE_NUMBERS, Frame, Post
from watchkeeper.wire.ranges import Ranges
from watchkeeper.wire.records import GAP, RECORD_HEADER, REPORT, REPORT_HEADER, SCHEMA, unpack_schema

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_record = RECORD_HEADER.unpack_from
_RECORD_SIZE = RECORD_HEADER.size
UNREADABLE = 0


class Streams(Protocol):
    """The states of streams while a group is put together; `get` may load, `put` adds a new one."""

    def get(self, stream: bytes) -> StreamState | None: ...

    def put(self, stream: bytes, state: StreamState) -> None: ...


class Verdict(msgspec.Struct):
    """What a post brings. `touched` are the streams whose states changed; `values` the decoded JSON of
    all records but reports and schemas as (kind, value); `schemas` their payloads by number."""

    state: StreamState
    batches: list[Batch]
    touched: list[bytes]
    gaps: list[StoredGap] = []
    quarantined: list[int] = []
    values: list[tuple[int, dict[str, Any]]] = []
    schemas: dict[int, bytes] = {}


def accept(post: Post, host: int, received: float, streams: Streams) -> Verdict:
    """Sort the post into new and duplicate batches and add the new ones to the stream's state.

    States are changed in place: when the commit fails, the caller drops them. Raises ForbiddenError
    when the stream is another host's.
    """
    state = streams.get(post.stream)
    if state is None:
        state = StreamState(host, post.lane, Ranges())
        streams.put(post.stream, state)
    elif state.host != host:
        raise ForbiddenError(
            f"stream {post.stream.hex()} belongs to another host",
            "was this machine's disk copied? give the copy a token of its own",
        )
    verdict = Verdict(state, [], [post.stream])
    ranges, before = state.ranges, state.ranges.through
    for frame in post.frames:
        seq = frame.seq
        if seq in ranges:
            state.duplicates += 1
            continue
        ranges.add(seq, seq)
        verdict.batches.append(_read_batch(verdict, post, frame, received, streams))
    through = ranges.through
    if through != before:
        state.check = next((frame.crc for frame in post.frames if frame.seq == through), None)
    return verdict


def _read_batch(verdict: Verdict, post: Post, frame: Frame, received: float, streams: Streams) -> Batch:
    state = verdict.state
    batch = Batch(state.host, post.stream, state.lane, frame.seq, frame.crc, received, [], [])
    payload, offset, index = frame.payload, 0, 0
    end = len(payload)
    while offset + _RECORD_SIZE <= end:
        kind, length = _record(payload, offset)
        offset += _RECORD_SIZE
        data = bytes(payload[offset : offset + length])
        if len(data) < length:
            break
        offset += length
        if kind == REPORT:
            batch.reports.append((index, data))
            if length < REPORT_HEADER.size or length % 8:
                _note_quarantine(verdict, frame.seq)
        else:
            kind = _look_into(verdict, batch, kind, data, streams)
            batch.others.append((index, kind, data))
        index += 1
    if offset != end or index != frame.count:
        _note_quarantine(verdict, frame.seq)
        return Batch(state.host, post.stream, state.lane, frame.seq, frame.crc, received, [], [], bytes(payload))
    return batch


def _note_quarantine(verdict: Verdict, seq: int) -> None:
    if seq not in verdict.quarantined:
        verdict.quarantined.append(seq)


def _look_into(verdict: Verdict, batch: Batch, kind: int, data: bytes, streams: Streams) -> int:
    """Read a record that is not a report; gives the kind under which it is to be stored."""
    try:
        if kind == SCHEMA:
            number, _ = unpack_schema(data)
            verdict.schemas[number] = data
        else:
            value = _decode(data)
            if kind == GAP:
                _take_gap(verdict, batch, value, streams)
            verdict.values.append((kind, value))
    except (FormatError, msgspec.DecodeError, KeyError, TypeError, ValueError):
        _note_quarantine(verdict, batch.seq)
        return UNREADABLE if kind == GAP else kind
    return kind


def _take_gap(verdict: Verdict, batch: Batch, value: dict[str, Any], streams: Streams) -> None:
    """Put the named batches into their stream's ranges; lost are only those that had not arrived."""
    stream, lane = bytes.fromhex(value["stream"]), LANE_NUMBERS[value["lane"]]
    first, last = int(value["first"]), int(value["last"])
    if len(stream) != 16 or not 1 <= first <= last < 1 << 63:
        raise FormatError("a gap names no batches")
    state = streams.get(stream)
    if state is None:
        state = StreamState(batch.host, lane, Ranges())
        streams.put(stream, state)
    elif state.host != batch.host:
        raise FormatError("a gap names another host's stream")
    missing = state.ranges.missing(first, last)
    whole = missing == [(first, last)]
    records = int(value["records"]) if whole and value.get("records") is not None else None
    start, end = _time_or_none(value.get("from")), _time_or_none(value.get("to"))
    reason = str(value.get("reason") or "not told")
    gaps = [
        StoredGap(batch.host, lane, stream, a, b, b - a + 1, records, start, end, reason, batch.received)
        for a, b in missing
    ]
    before = state.ranges.through
    state.ranges.add(first, last)
    if state.ranges.through != before:
        state.check = None
    verdict.gaps += gaps
    verdict.touched.append(stream)


def _time_or_none(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FormatError(f"{value!r} is not a time")
    return float(value)
