"""Dates that jump by a year."""

from __future__ import annotations

from pathlib import Path

from tests.fault.scenarios import clocks


def test_an_agents_clock_that_steps_by_a_year_loses_nothing(tmp_path: Path) -> None:
    clocks.agent_clock_steps(tmp_path).require()


def test_a_hubs_clock_that_steps_by_a_year_loses_nothing(tmp_path: Path) -> None:
    clocks.hub_clock_steps(tmp_path).require()
