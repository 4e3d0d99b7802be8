"""kill -9 of agent and hub: 0 lost, 0 twice, 0 out of order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fault.scenarios import kills, real


@pytest.mark.timeout(180)
def test_agent_killed_at_25_random_points_loses_nothing_that_its_spool_took(tmp_path: Path) -> None:
    kills.agent_killed(tmp_path, 25).require()


@pytest.mark.timeout(300)
def test_hub_killed_at_25_random_points_loses_nothing_that_it_receipted(tmp_path: Path) -> None:
    kills.hub_killed(tmp_path, 25).require()


def test_hub_killed_between_commit_and_answer_stores_once(tmp_path: Path) -> None:
    kills.hub_killed_between_commit_and_answer(tmp_path).require()


def test_hub_killed_while_compacting_keeps_each_report_once(tmp_path: Path) -> None:
    kills.hub_killed_while_compacting(tmp_path).require()


def test_agent_and_hub_killed_together_lose_nothing(tmp_path: Path) -> None:
    kills.both_killed(tmp_path).require()


def test_real_agent_and_hub_killed_leave_one_report_for_each_moment_of_life(tmp_path: Path) -> None:
    real.real_agent_and_hub_killed(tmp_path).require()


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_agent_killed_at_200_random_points_loses_nothing_that_its_spool_took(tmp_path: Path) -> None:
    kills.agent_killed(tmp_path, 200).require()


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_hub_killed_at_200_random_points_loses_nothing_that_it_receipted(tmp_path: Path) -> None:
    kills.hub_killed(tmp_path, 200).require()
