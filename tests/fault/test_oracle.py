"""The oracle itself: fed with what must not be, it says so."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.fault.ledger import Ledger, Noted, read_ledger
from tests.fault.oracle import judge
from tests.fault.stored import Row, Stored
from watchkeeper.hub.model.records import StoredGap
from watchkeeper.wire.ranges import Ranges

STREAM, OTHER = b"s" * 16, b"t" * 16


def noted(first: int, count: int, seq: int, stream: bytes = STREAM, kind: str = "report", synced: bool = True) -> Noted:
    return Noted(kind, first, count, 1, stream if seq else b"", seq, 0, synced)


def report(number: int, seq: int, index: int, stream: bytes = STREAM) -> Row:
    return Row(number, "report", (stream, seq, index))


def gap(first: int, last: int, stream: bytes = STREAM) -> StoredGap:
    return StoredGap(1, 3, stream, first, last, last - first + 1, None, None, None, "quota", 0.0)


LEDGER = [noted(1, 2, 1), noted(3, 2, 2)]
ROWS = [report(1, 1, 0), report(2, 1, 1), report(3, 2, 0), report(4, 2, 1)]


def test_all_stored_once_in_order_holds() -> None:
    verdict = judge(LEDGER, Stored(rows=ROWS))
    assert verdict.holds
    assert (verdict.sent, verdict.stored) == (4, 4)


def test_a_missing_record_is_lost() -> None:
    verdict = judge(LEDGER, Stored(rows=ROWS[:3]))
    assert not verdict.holds
    assert len(verdict.lost) == 1
    assert "report 4" in verdict.complaint()


def test_a_missing_batch_under_a_gap_is_accounted() -> None:
    verdict = judge(LEDGER, Stored(rows=ROWS[:2], gaps=[gap(2, 2)]))
    assert verdict.holds
    assert (verdict.stored, verdict.gapped) == (2, 2)


def test_a_gap_of_another_stream_accounts_for_nothing() -> None:
    assert len(judge(LEDGER, Stored(rows=ROWS[:2], gaps=[gap(2, 2, OTHER)])).lost) == 2


def test_a_record_stored_twice_is_doubled() -> None:
    verdict = judge(LEDGER, Stored(rows=[*ROWS, report(2, 1, 1)]))
    assert not verdict.holds
    assert "report 2" in verdict.doubled[0]


def test_a_record_stored_again_in_another_stream_is_doubled() -> None:
    assert len(judge(LEDGER, Stored(rows=[*ROWS, report(2, 7, 0, OTHER)])).doubled) == 1


def test_a_record_both_stored_and_quarantined_is_doubled() -> None:
    stored = Stored(rows=ROWS, quarantined=Counter({(STREAM, 1): 1}))
    assert len(judge(LEDGER, stored).doubled) == 2


def test_records_that_changed_places_are_reordered() -> None:
    swapped = [report(2, 1, 0), report(1, 1, 1), *ROWS[2:]]
    verdict = judge(LEDGER, Stored(rows=swapped))
    assert not verdict.holds
    assert verdict.reordered


def test_batches_that_changed_order_in_a_stream_they_moved_to_are_reordered() -> None:
    moved = [report(3, 1, 0, OTHER), report(4, 1, 1, OTHER), report(1, 2, 0, OTHER), report(2, 2, 1, OTHER)]
    assert judge(LEDGER, Stored(rows=moved)).reordered


def test_batches_that_moved_to_another_stream_in_order_hold() -> None:
    moved = [*ROWS[:2], report(3, 1, 0, OTHER), report(4, 1, 1, OTHER)]
    assert judge(LEDGER, Stored(rows=moved)).holds


def test_events_committed_in_another_order_are_reordered() -> None:
    ledger = [noted(1, 1, 1, kind="event"), noted(2, 1, 2, kind="event")]
    rows = [Row(2, "event", arrival=10), Row(1, "event", arrival=11)]
    assert judge(ledger, Stored(rows=rows)).reordered
    assert judge(ledger, Stored(rows=[Row(1, "event", arrival=10), Row(2, "event", arrival=11)])).holds


def test_a_changed_record_is_corrupt() -> None:
    assert not judge(LEDGER, Stored(rows=ROWS, corrupt=["report 3 says 17"])).holds


def test_a_record_that_nobody_sent_is_corrupt() -> None:
    assert judge(LEDGER, Stored(rows=[*ROWS, report(99, 3, 0)])).corrupt


def test_a_gap_about_a_stored_record_is_a_contradiction() -> None:
    verdict = judge(LEDGER, Stored(rows=ROWS, gaps=[gap(2, 2)]))
    assert not verdict.holds
    assert len(verdict.contradicted) == 2


def test_a_batch_still_in_the_spool_is_held_not_lost() -> None:
    verdict = judge(LEDGER, Stored(rows=ROWS[:2]), held={(STREAM, 2)})
    assert verdict.holds
    assert verdict.held == 2


def test_a_receipted_batch_that_the_hub_has_not_is_lost_even_if_the_spool_keeps_it() -> None:
    stored = Stored(rows=ROWS[:2], received={STREAM: Ranges([(1, 2)])})
    assert len(judge(LEDGER, stored, held={(STREAM, 2)}).lost) == 2


def test_a_record_that_the_spool_never_took_is_not_lost() -> None:
    verdict = judge([*LEDGER, noted(5, 3, 0, synced=False)], Stored(rows=ROWS))
    assert verdict.holds
    assert verdict.unaccepted == 3


def test_only_a_power_cut_excuses_what_was_not_synced() -> None:
    ledger = [*LEDGER, noted(5, 1, 3, synced=False)]
    assert len(judge(ledger, Stored(rows=ROWS)).lost) == 1
    verdict = judge(ledger, Stored(rows=ROWS), power_cut=True)
    assert verdict.holds
    assert verdict.unpromised == 1


def test_the_ledger_reads_back_what_was_written_and_goes_on_numbering(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    ledger = Ledger(path)
    first = ledger.note("report", 3)
    ledger.appended(first, STREAM, 1, 1)
    ledger.synced(ledger.last)
    second = ledger.note("event", 1)
    ledger.appended(second, OTHER, 1, 0)
    ledger.note("report", 2)
    ledger.close()
    with path.open("a") as file:
        file.write("appended 5 0123")  # torn by a kill
    again = Ledger(path)
    assert again.note("report", 1) == 7
    again.close()
    entries = read_ledger(path)
    assert [(entry.kind, entry.first, entry.count, entry.life) for entry in entries] == [
        ("report", 1, 3, 1),
        ("event", 4, 1, 1),
        ("report", 5, 2, 1),
        ("report", 7, 1, 2),
    ]
    assert [(entry.stream, entry.seq, entry.index, entry.synced) for entry in entries] == [
        (STREAM, 1, 1, True),
        (OTHER, 1, 0, False),
        (b"", 0, 0, False),
        (b"", 0, 0, False),
    ]
