"""Accepting posts is arithmetic: whatever the order, each batch counts once and each loss is told once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.base.errors import ForbiddenError
from watchkeeper.hub.ingest.accept import accept
from watchkeeper.hub.model.records import StreamState
from watchkeeper.wire import frames, records

STREAM = bytes(range(16))
URGENT_STREAM = bytes(range(16, 32))


class States:
    """Stream states in a dictionary."""

    def __init__(self) -> None:
        self.states: dict[bytes, StreamState] = {}

    def get(self, stream: bytes) -> StreamState | None:
        return self.states.get(stream)

    def put(self, stream: bytes, state: StreamState) -> None:
        self.states[stream] = state


def batch(seq: int) -> bytes:
    return frames.seal(seq, 1, records.pack_report(1000.0 + seq, float(seq), 1, 1, [float(seq)]))


def post_of(*seqs: int) -> frames.Post:
    return frames.read_post(frames.post(frames.METRICS, STREAM, [batch(seq) for seq in seqs]))


def gap_post(seq: int, first: int, last: int) -> frames.Post:
    lost = {"lane": "metrics", "stream": STREAM.hex(), "first": first, "last": last, "records": last - first + 1}
    lost |= {"from": 1.0, "to": 2.0, "reason": "quota", "time": 3.0}
    sealed = frames.seal(seq, 1, records.pack_json(records.GAP, lost))
    return frames.read_post(frames.post(frames.URGENT, URGENT_STREAM, [sealed]))


def crc(seq: int) -> int:
    return int.from_bytes(batch(seq)[8:12], "little")


def test_new_batches_are_taken_and_the_check_is_the_crc_of_the_last_in_a_row() -> None:
    states = States()
    verdict = accept(post_of(1, 2, 4), 7, 5.0, states)

    assert [taken.seq for taken in verdict.batches] == [1, 2, 4]
    assert list(verdict.state.ranges) == [(1, 2), (4, 4)]
    assert verdict.state.check == crc(2)


def test_a_check_that_nobody_remembers_is_none_rather_than_wrong() -> None:
    states = States()
    accept(post_of(1, 3), 7, 5.0, states)
    verdict = accept(post_of(2), 7, 5.0, states)

    assert verdict.state.ranges.through == 3
    assert verdict.state.check is None


def test_a_duplicate_is_counted_and_changes_nothing_else() -> None:
    states = States()
    accept(post_of(1, 2), 7, 5.0, states)
    verdict = accept(post_of(1, 2), 7, 6.0, states)

    assert verdict.batches == []
    assert verdict.state.duplicates == 2
    assert verdict.state.check == crc(2)


def test_another_hosts_stream_is_forbidden_and_untouched() -> None:
    states = States()
    accept(post_of(1), 7, 5.0, states)
    with pytest.raises(ForbiddenError):
        accept(post_of(2), 8, 5.0, states)

    assert list(states.states[STREAM].ranges) == [(1, 1)]


def test_a_gap_of_another_hosts_stream_is_quarantined() -> None:
    states = States()
    accept(post_of(1), 7, 5.0, states)
    verdict = accept(gap_post(1, 1, 9), 8, 5.0, states)

    assert verdict.quarantined == [1]
    assert verdict.gaps == []
    assert list(states.states[STREAM].ranges) == [(1, 1)]


def test_records_of_a_gap_are_unknown_when_only_part_of_it_was_lost() -> None:
    states = States()
    accept(post_of(3), 7, 5.0, states)
    verdict = accept(gap_post(1, 1, 5), 7, 5.0, states)

    assert [(gap.first, gap.last, gap.batches, gap.records) for gap in verdict.gaps] == [
        (1, 2, 2, None),
        (4, 5, 2, None),
    ]
    assert states.states[STREAM].ranges.through == 5


@given(
    st.lists(
        st.one_of(
            st.lists(st.integers(1, 30), min_size=1, max_size=5),
            st.tuples(st.integers(1, 30), st.integers(0, 10)),
        ),
        max_size=30,
    )
)
def test_whatever_arrives_each_number_is_stored_or_lost_exactly_once(steps: list[list[int] | tuple[int, int]]) -> None:
    states = States()
    stored: list[int] = []
    lost: list[int] = []
    named: set[int] = set()
    for number, step in enumerate(steps, 1):
        if isinstance(step, tuple):
            first, last = step[0], step[0] + step[1]
            verdict = accept(gap_post(number, first, last), 7, 5.0, states)
            lost += [seq for gap in verdict.gaps for seq in range(gap.first, gap.last + 1)]
            named |= set(range(first, last + 1))
        else:
            verdict = accept(post_of(*sorted(set(step))), 7, 5.0, states)
            stored += [taken.seq for taken in verdict.batches]
            named |= set(step)
    held = {seq for first, last in (states.states[STREAM].ranges if named else ()) for seq in range(first, last + 1)}

    assert len(stored) == len(set(stored))
    assert len(lost) == len(set(lost))
    assert not set(stored) & set(lost)
    assert set(stored) | set(lost) == named == held
    check = states.states[STREAM].check if named else None
    if check is not None:
        assert check == crc(states.states[STREAM].ranges.through)
