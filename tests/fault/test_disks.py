"""Disks that are full or read-only, on either side."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fault.disk import may_break
from tests.fault.scenarios import disks

needs_root = pytest.mark.skipif(not may_break(), reason="breaking a real file system takes root and loop devices")


def test_a_full_disk_under_the_spool_costs_only_what_gaps_tell(tmp_path: Path) -> None:
    disks.agent_disk_full(tmp_path).require()


def test_a_quota_that_is_used_up_costs_only_what_gaps_tell(tmp_path: Path) -> None:
    disks.agent_over_quota(tmp_path).require()


def test_a_disk_that_refuses_writes_costs_the_agent_nothing_for_a_while(tmp_path: Path) -> None:
    disks.agent_disk_refuses(tmp_path).require()


@needs_root
def test_a_spool_on_a_disk_that_breaks_keeps_all_that_was_synced(tmp_path: Path) -> None:
    disks.agent_disk_breaks(tmp_path).require()


def test_a_full_disk_under_the_hub_makes_agents_wait_and_loses_nothing(tmp_path: Path) -> None:
    disks.hub_disk_full(tmp_path).require()


@needs_root
def test_a_hub_on_a_disk_that_breaks_keeps_all_that_it_receipted(tmp_path: Path) -> None:
    disks.hub_disk_breaks(tmp_path).require()
