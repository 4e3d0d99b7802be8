"""Every metric and every setting is documented, and every setting is read by something."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools import reference_pages

from watchkeeper.base.options import OPTIONS
from watchkeeper.wire.catalogue import METRICS

ROOT = Path(__file__).parents[3]
AGAIN = "run: .venv/bin/python tools/reference_pages.py"


def test_the_page_of_metrics_is_current() -> None:
    assert (ROOT / "docs/metrics.md").read_text() == reference_pages.metrics_page(), AGAIN


def test_the_page_of_settings_is_current() -> None:
    assert (ROOT / "docs/configuration.md").read_text() == reference_pages.configuration_page(), AGAIN


def test_every_metric_has_a_meaning_and_a_place_where_it_is_made() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "src/watchkeeper/agent").rglob("*.py"))
    for metric in METRICS:
        assert metric.help, metric.name
        assert f'"{metric.name}"' in sources, f"nothing reports {metric.name}"


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_setting_is_read_somewhere(option) -> None:  # type: ignore[no-untyped-def]
    quoted = re.compile(rf'["\']{re.escape(option.name)}["\']')
    readers = [
        path
        for path in (ROOT / "src/watchkeeper").rglob("*.py")
        if path.name != "options.py" and quoted.search(path.read_text())
    ]
    assert readers, f"{option.name} is offered and nothing reads it"
