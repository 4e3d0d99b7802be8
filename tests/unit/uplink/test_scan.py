"""Finding whole batches in a file between stretches that nobody can read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchkeeper.base.errors import FormatError
from watchkeeper.base.files import Files
from watchkeeper.uplink.scan import walk
from watchkeeper.uplink.segment import HEADER_BYTES, Header, pack_header, read_header, read_name
from watchkeeper.wire.frames import seal


def scan(path: Path, data: bytes) -> list[tuple[int, int, int]]:
    """(offset, length, seq or 0 for an unreadable stretch) of all that is in `data`."""
    path.write_bytes(data)
    fd = os.open(path, os.O_RDONLY)
    try:
        return [
            (found.offset, found.length, found.frame.seq if found.frame else 0)
            for found in walk(Files(), fd, 0, len(data))
        ]
    finally:
        os.close(fd)


parts = st.one_of(
    st.binary(max_size=50), st.sampled_from([b"WKf1", b"WKf1\x05\0\0\0"]), st.integers(0, 200).map(lambda n: (n,))
)


@given(st.lists(parts, max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_whole_batch_between_rubbish_is_found(tmp_path: Path, given_parts: list[bytes | tuple[int]]) -> None:
    data, expected = b"", []
    for seq, part in enumerate(given_parts, 1):
        if isinstance(part, tuple):
            frame = seal(seq, 1, b"p" * part[0])
            expected.append((len(data), len(frame), seq))
            data += frame
        else:
            data += part
    found = scan(tmp_path / "file", data)
    assert [entry for entry in found if entry[2]] == expected
    assert sum(length for _, length, _ in found) == len(data), "every byte is accounted for"


def test_batches_larger_than_the_window_are_found(tmp_path: Path) -> None:
    data = b"rubbish" + seal(1, 1, os.urandom(300_000)) + bytes(100_000) + seal(2, 1, b"x")
    found = scan(tmp_path / "file", data)
    assert [(length, seq) for _, length, seq in found] == [(7, 0), (300_024, 1), (100_000, 0), (25, 2)]


def test_a_batch_whose_number_goes_back_is_not_believed(tmp_path: Path) -> None:
    """A block of the disk that came back from an earlier time is whole, and wrong all the same."""
    data = seal(5, 1, b"a") + seal(4, 1, b"old") + seal(5, 1, b"old") + seal(6, 1, b"b")
    assert [seq for _, _, seq in scan(tmp_path / "file", data)] == [5, 0, 6]


def test_a_header_and_a_name_read_back() -> None:
    header = Header(3, bytes(range(16)), 7, 1.5, 42)
    data = pack_header(header)
    assert len(data) == HEADER_BYTES
    found = read_header(data)
    assert (found.lane, found.stream, found.first, found.created, found.ordinal) == (3, bytes(range(16)), 7, 1.5, 42)
    assert read_name(header.name) == (42, bytes(range(16)))


@pytest.mark.parametrize(
    "name", ["", ".seg", "1-2.seg", "x-" + "00" * 16 + ".seg", "1-" + "zz" * 16 + ".seg", "1-" + "00" * 16]
)
def test_other_names_are_not_those_of_segments(name: str) -> None:
    with pytest.raises(FormatError):
        read_name(name)
