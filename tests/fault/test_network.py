"""A link that drops, cuts, doubles, delays, or is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fault.scenarios import network


def test_100_dropped_answers_store_every_batch_once(tmp_path: Path) -> None:
    network.answers_dropped(tmp_path, 100).require()


def test_exchanges_cut_at_any_byte_doubled_or_delayed_store_every_batch_once(tmp_path: Path) -> None:
    network.exchanges_mangled(tmp_path, 100).require()


def test_a_backlog_of_a_long_absence_arrives_in_order(tmp_path: Path) -> None:
    network.hub_away(tmp_path).require()


@pytest.mark.long
@pytest.mark.timeout(900)
def test_1000_dropped_answers_store_every_batch_once(tmp_path: Path) -> None:
    network.answers_dropped(tmp_path, 1000).require()
