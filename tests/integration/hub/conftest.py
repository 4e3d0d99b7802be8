"""One hub for the tests of a module that do not kill or damage it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.processes import HubProcess, start_hub


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    with start_hub(tmp_path_factory.mktemp("hub"), env={"WK_HUB_LIMITS_SERIES": "10000"}) as running:
        yield running
