"""Bytes that are not what was written. Each offset of a small file is tried in tests/fault/spool."""

from __future__ import annotations

from pathlib import Path

from tests.fault.scenarios import damage


def test_a_power_cut_tears_only_what_was_not_synced(tmp_path: Path) -> None:
    damage.segments_torn(tmp_path).require()


def test_a_flipped_bit_costs_only_what_gaps_tell(tmp_path: Path) -> None:
    damage.bits_flipped(tmp_path).require()


def test_unreadable_batches_are_quarantined_acknowledged_and_counted(tmp_path: Path) -> None:
    damage.unreadable_batches(tmp_path).require()
