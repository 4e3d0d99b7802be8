"""Disks that come back as they were: rolled back, cloned, restored."""

from __future__ import annotations

from pathlib import Path

from tests.fault.scenarios import copies


def test_a_spool_rolled_back_to_a_copy_gives_no_number_to_two_batches(tmp_path: Path) -> None:
    copies.spool_rolled_back(tmp_path).require()


def test_a_machine_rolled_back_with_its_memory_moves_to_a_stream_of_its_own(tmp_path: Path) -> None:
    copies.machine_rolled_back(tmp_path).require()


def test_a_cloned_spool_with_two_living_holders_stores_each_record_once(tmp_path: Path) -> None:
    copies.spool_cloned(tmp_path).require()


def test_a_hub_restored_from_a_backup_is_filled_again_by_its_agents(tmp_path: Path) -> None:
    copies.hub_restored(tmp_path).require()


def test_a_hub_restored_from_a_backup_shows_gaps_for_what_agents_no_longer_keep(tmp_path: Path) -> None:
    copies.hub_restored_too_late(tmp_path).require()


def test_a_hub_restored_before_it_noted_how_far_it_was_is_caught_by_its_agents(tmp_path: Path) -> None:
    copies.hub_restored_unmarked(tmp_path).require()


def test_a_hub_whose_database_was_overwritten_moves_it_aside_and_is_filled_again(tmp_path: Path) -> None:
    copies.hub_database_damaged(tmp_path).require()
