from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.records.feed import NOW
from watchkeeper.base.clock import SteppedClock
from watchkeeper.hub.storage.embedded.store import EmbeddedRecordStore

Reopen = Callable[[], EmbeddedRecordStore]


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(wall=NOW)


@pytest.fixture(params=["embedded"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path, clock: SteppedClock) -> Iterator[Reopen]:
    """Close the store, if it is open, and open it again."""
    stores: list[EmbeddedRecordStore] = []

    def again() -> EmbeddedRecordStore:
        while stores:
            stores.pop().close()
        stores.append(EmbeddedRecordStore(tmp_path / "hub", clock, housekeeping=False))
        return stores[-1]

    yield again
    while stores:
        stores.pop().close()


@pytest.fixture
def store(reopen: Reopen) -> EmbeddedRecordStore:
    return reopen()
