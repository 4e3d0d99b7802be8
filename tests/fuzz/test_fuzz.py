"""A short run of each fuzz target with a fixed seed. Run them longer by hand: python -m tests.fuzz.http_client 600."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.fuzz import batch_decoder, http_client


@pytest.mark.parametrize("target", [batch_decoder, http_client], ids=lambda target: target.__name__.rsplit(".", 1)[-1])
def test_no_input_breaks_the_decoder(target: ModuleType) -> None:
    counts = target.run(seconds=60.0, seed=20_240_229, most=5000)
    assert counts["inputs"] == 5000
    assert 500 < counts["accepted"] < 4900, "the inputs neither all fail nor all pass"
