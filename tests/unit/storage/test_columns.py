"""Columns, chunks and rollup rows come back bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.base.errors import StorageError
from watchkeeper.hub.storage.embedded.block import ORIGIN, Block, join
from watchkeeper.hub.storage.embedded.chunks import decode_chunk, encode_chunk
from watchkeeper.hub.storage.embedded.columns import CONSTANT, DENSE, SPARSE, decode_column, encode_column
from watchkeeper.hub.storage.embedded.rollups import (
    Canvas,
    Rolled,
    decode_rolled,
    encode_rolled,
    fold,
    rollup_rows,
    shard_of,
)
from watchkeeper.hub.storage.embedded.steps import DAY, FIVE_MINUTES, HOUR

FLOAT = np.dtype("<f8")
values = st.lists(st.floats(allow_nan=True, allow_infinity=False), min_size=1, max_size=200)


@given(values)
@settings(deadline=None, max_examples=60)
def test_a_column_of_floats_comes_back(column: list[float]) -> None:
    array = np.array(column, FLOAT)
    encoding, data = encode_column(array)
    np.testing.assert_array_equal(decode_column(encoding, data, len(array), FLOAT), array)


@pytest.mark.parametrize(
    ("column", "encoding"),
    [([2.0**36] * 50, CONSTANT), ([float("nan")] * 50, CONSTANT), (range(50), DENSE), ([1, float("nan"), 3], SPARSE)],
)
def test_the_encoding_fits_the_column(column: list[float], encoding: int) -> None:
    assert encode_column(np.array(column, FLOAT))[0] == encoding


def test_zero_and_minus_zero_are_told_apart() -> None:
    array = np.array([0.0, -0.0, 0.0])
    encoding, data = encode_column(array)
    assert np.signbit(decode_column(encoding, data, 3, FLOAT)).tolist() == [False, True, False]


def block_of(times: list[float], **columns: list[float]) -> Block:
    origins = np.zeros(len(times), ORIGIN)
    origins["seq"] = np.arange(len(times)) + 1
    return Block(np.array(times), origins, {int(name[1:]): np.array(column) for name, column in columns.items()})


@given(st.integers(1, 60), st.integers(0, 2**32))
@settings(deadline=None, max_examples=25)
def test_a_chunk_comes_back_whole_and_by_column(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(0, 3600, count)).tolist()
    block = block_of(times, s1=rng.normal(size=count).tolist(), s2=[5.0] * count, s9=np.arange(count).tolist())
    block.origins["stream"] = rng.integers(0, 5, count)
    data = encode_chunk(block)
    whole = decode_chunk(data)
    np.testing.assert_array_equal(whole.times, block.times)
    np.testing.assert_array_equal(whole.origins, block.origins)
    assert list(whole.columns) == [1, 2, 9]
    part = decode_chunk(data, {2, 77}, origins=False)
    assert list(part.columns) == [2]
    assert part.columns[2].tolist() == [5.0] * count


def test_bytes_that_are_no_chunk_are_a_storage_error() -> None:
    with pytest.raises(StorageError, match="chunk"):
        decode_chunk(b"\0" * 64)
    with pytest.raises(StorageError, match="rollup"):
        decode_rolled(b"\0" * 64, 1)


def test_joined_blocks_are_in_order_and_lack_nothing() -> None:
    found = join([block_of([3.0, 5.0], s1=[30, 50]), block_of([4.0], s2=[4.0])])
    assert found.times.tolist() == [3.0, 4.0, 5.0]
    np.testing.assert_array_equal(found.columns[1], [30, np.nan, 50])
    np.testing.assert_array_equal(found.columns[2], [np.nan, 4.0, np.nan])


@given(st.integers(1, 5), st.integers(1, 24), st.integers(0, 2**32))
@settings(deadline=None, max_examples=40)
def test_a_rollup_row_comes_back_where_something_is_known(rows: int, steps: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = rng.integers(0, 3, (rows, steps)).astype(np.uint32)
    mean = np.where(count > 0, rng.normal(size=(rows, steps)), np.nan).astype(np.float32)
    rolled = Rolled(count, mean, mean - 1, mean + 1)
    data = encode_rolled(rolled)
    for name in Rolled.__struct_fields__:
        np.testing.assert_array_equal(getattr(decode_rolled(data, rows), name), getattr(rolled, name))
    np.testing.assert_array_equal(decode_rolled(data, rows, means_only=True).mean, mean)


def test_a_later_row_overrides_only_its_own_hosts_and_time_also_after_folding() -> None:
    times = np.arange(0, HOUR, 60.0).tolist()
    hosts = [(host, block_of(times, s7=[float(host)] * 60)) for host in (1, 2)]
    early = rollup_rows(hosts, 0, 1.0, [FIVE_MINUTES]) + rollup_rows(hosts, HOUR, 1.0, [FIVE_MINUTES])
    late = rollup_rows([(2, block_of([10.0], s7=[99.0]))], 0, 2.0, [FIVE_MINUTES])
    rows = [row for row in early + late if row.series == 7]
    folded = fold(rows, 0, DAY)
    assert folded.hosts == shard_of(1)[1] | shard_of(2)[1]
    for laid in (rows, [folded]):
        canvas = Canvas([2, 1, 3], FIVE_MINUTES, 0, 2 * HOUR)
        for row in laid:
            canvas.lay(row)
        assert canvas.rolled.mean[0, 0] == 99.0
        assert np.isnan(canvas.rolled.mean[0, 1:12]).all()
        assert canvas.rolled.mean[1, :12].tolist() == [1.0] * 12
        assert canvas.rolled.count[2].sum() == 0
