"""What all tests share: the options for long tests and missing servers, and the note about what was skipped."""

from __future__ import annotations

import os

import pytest

from tests.support import servers


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests that are marked long as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--long"):
        skip = pytest.mark.skip(reason="long: part of make test-long")
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(skip)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked `server("name")` needs that program: without it, skip, or fail where nothing may be missing."""
    for mark in item.iter_markers("server"):
        name = str(mark.args[0])
        if servers.find(name):
            continue
        reason = servers.missing(name)
        if os.environ.get("WK_REQUIRE_SERVERS") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell last what was not tried, and how to have it tried."""
    reasons = {str(report.longrepr[2]) for report in terminalreporter.getreports("skipped") if report.longrepr}
    missing = sorted(reason.partition(": ")[2] for reason in reasons if "missing server" in reason)
    if missing:
        terminalreporter.section("not tried for want of a program", sep="-", yellow=True)
        for name in missing:
            terminalreporter.line(name)
