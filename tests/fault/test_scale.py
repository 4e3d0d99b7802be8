"""Much of everything; part of make test-long."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fault.scenarios import scale


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_million_records_arrive_once_and_in_order_under_kills(tmp_path: Path) -> None:
    row = scale.million_records(tmp_path).require()
    assert row.verdict.stored >= 1_000_000


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_thousand_agents_that_reconnect_at_once_lose_nothing(tmp_path: Path) -> None:
    scale.thousand_agents_reconnect(tmp_path).require()
