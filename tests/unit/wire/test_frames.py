"""Frames and posts: what is read is what was sealed, and nothing else is read."""

from __future__ import annotations

import math
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.base.errors import FormatError
from watchkeeper.wire import frames, records

STREAM = bytes(range(16))
payloads = st.binary(max_size=200)


@given(st.integers(1, frames.MAX_SEQ), st.integers(0, 2**32 - 1), payloads)
def test_a_sealed_batch_reads_back(seq: int, count: int, payload: bytes) -> None:
    frame = frames.read_frame(frames.seal(seq, count, payload))
    assert (frame.seq, frame.count, bytes(frame.payload)) == (seq, count, payload)
    assert frame.size == frames.FRAME_HEADER.size + len(payload)


def test_the_bytes_of_a_frame_are_those_of_the_format_page() -> None:
    body = struct.pack("<IQ", 2, 7) + b"abc"
    assert frames.seal(7, 2, b"abc") == b"WKf1" + struct.pack("<II", 3, zlib.crc32(body)) + body


@given(st.lists(payloads, max_size=5), st.sampled_from(sorted(frames.LANES)))
def test_a_post_reads_back(contents: list[bytes], lane: int) -> None:
    sealed = [frames.seal(seq * 3, 1, payload) for seq, payload in enumerate(contents, 1)]
    post = frames.read_post(frames.post(lane, STREAM, sealed))
    assert (post.lane, post.stream) == (lane, STREAM)
    assert [bytes(frame.payload) for frame in post.frames] == contents


@given(payloads, st.data())
def test_any_flipped_bit_of_a_frame_is_noticed(payload: bytes, data: st.DataObject) -> None:
    sealed = bytearray(frames.seal(5, 1, payload))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(FormatError):
        frames.read_frame(bytes(sealed))


@given(payloads, st.data())
def test_a_frame_cut_anywhere_is_noticed(payload: bytes, data: st.DataObject) -> None:
    sealed = frames.seal(5, 1, payload)
    with pytest.raises(FormatError):
        frames.read_frame(sealed[: data.draw(st.integers(0, len(sealed) - 1))])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"WKB2" + bytes(24),
        frames.POST_HEADER.pack(b"WKB1", 9, STREAM, 0),
        frames.POST_HEADER.pack(b"WKB1", 1, STREAM, 2) + frames.seal(1, 0, b""),
        frames.post(1, STREAM, [frames.seal(2, 0, b""), frames.seal(2, 0, b"")]),
        frames.post(1, STREAM, [frames.seal(2, 0, b""), frames.seal(1, 0, b"")]),
        frames.post(1, STREAM, [frames.seal(0, 0, b"")]),
        frames.post(1, STREAM, [frames.seal(frames.MAX_SEQ + 1, 0, b"")]),
        frames.post(1, STREAM, [frames.seal(1, 0, b"")]) + b"x",
    ],
)
def test_a_post_that_is_not_as_the_format_says_is_refused(body: bytes) -> None:
    with pytest.raises(FormatError):
        frames.read_post(body)


def test_a_batch_over_the_limit_is_neither_sealed_nor_read() -> None:
    with pytest.raises(FormatError):
        frames.seal(1, 1, bytes(frames.MAX_PAYLOAD_BYTES + 1))
    claim = frames.FRAME_HEADER.pack(b"WKf1", frames.MAX_PAYLOAD_BYTES + 1, 0, 1, 1)
    with pytest.raises(FormatError, match="over the limit"):
        frames.read_frame(claim)


@given(
    st.floats(allow_nan=False),
    st.floats(allow_nan=False),
    st.integers(0, 2**32 - 1),
    st.lists(st.floats(allow_nan=False)),
)
def test_a_report_reads_back(time: float, monotonic: float, number: int, values: list[float]) -> None:
    packed = records.pack_report(time, monotonic, number, 9, values)
    (record,) = records.unpack(packed, 1)
    report = records.unpack_report(record.payload)
    assert (report.time, report.monotonic, report.schema, report.boot) == (time, monotonic, number, 9)
    assert list(struct.unpack(f"<{len(values)}d", report.values)) == values


def test_unknown_travels_as_nan() -> None:
    (record,) = records.unpack(records.pack_report(1, 2, 3, 4, [float("nan")]), 1)
    (value,) = struct.unpack("<d", records.unpack_report(record.payload).values)
    assert math.isnan(value)


def test_a_schema_is_numbered_by_its_text() -> None:
    series = [("cpu.percent", "gauge", "%"), ("disk.read{device=sda}", "counter", "B")]
    number, payload = records.pack_schema(series)
    assert number == zlib.crc32(payload)
    assert records.unpack_schema(payload) == (number, series)


@pytest.mark.parametrize("payload", [b"", b"{}x", b"7", b"[[1,2]]", b'[["a","thing","%"]]', b"[" * 100_000, b"\xff"])
def test_a_schema_that_cannot_be_read_is_refused(payload: bytes) -> None:
    with pytest.raises(FormatError):
        records.unpack_schema(payload)


@pytest.mark.parametrize("payload", [b"", b"[]", b"7", b"{", b"\xff\xfe", b'{"a":' * 50_000])
def test_a_record_that_is_no_json_object_is_refused(payload: bytes) -> None:
    with pytest.raises(FormatError):
        records.unpack_json(payload)


@given(st.binary(max_size=60), st.integers(0, 5))
def test_records_are_read_whole_or_not_at_all(payload: bytes, count: int) -> None:
    try:
        found = list(records.unpack(payload, count))
    except FormatError:
        return
    assert len(found) == count
    assert sum(records.RECORD_HEADER.size + len(record.payload) for record in found) == len(payload)


def test_numbers_that_json_does_not_know_are_not_packed() -> None:
    with pytest.raises(ValueError):
        records.pack_json(records.EVENT, {"value": float("inf")})
