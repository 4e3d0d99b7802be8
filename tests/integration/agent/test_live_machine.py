"""Every collector on the machine that runs the tests: it works, or says in words why not."""

from __future__ import annotations

import math
import time

import pytest

from watchkeeper.agent.collectors import COLLECTORS
from watchkeeper.agent.collectors.processes import Processes
from watchkeeper.agent.facts import facts
from watchkeeper.agent.machine import Machine, MissingError
from watchkeeper.wire.catalogue import BY_NAME
from watchkeeper.wire.series import parse_series

ALWAYS_THERE = {"cpu", "memory", "load", "space", "network", "files", "processes", "uptime", "tcp"}


@pytest.mark.parametrize("name", COLLECTORS)
def test_a_collector_gives_samples_of_the_catalogue_or_says_what_is_missing(name: str) -> None:
    collect = COLLECTORS[name](Machine())
    try:
        collect(time.monotonic())
        samples = collect(time.monotonic())
    except MissingError as error:
        missing = str(error)
        samples = {}
    else:
        missing = ""
    assert samples or len(missing) > 10, "neither samples nor a reason"
    assert not (missing and name in ALWAYS_THERE), missing
    for series, value in samples.items():
        metric, labels = parse_series(series)
        assert metric in BY_NAME, f"{metric} is not in the catalogue"
        assert tuple(labels) == tuple(sorted(BY_NAME[metric].labels)), series
        assert isinstance(value, (int, float))
        if BY_NAME[metric].unit == "%" and not math.isnan(value):
            assert 0.0 <= value <= 100.0 or metric == "cpu.quota.percent", (series, value)


def test_this_very_test_is_among_the_processes() -> None:
    import os

    processes = Processes(Machine())
    processes(time.monotonic())
    assert str(os.getpid()) in processes._last
    assert processes.table()["count"] == len(processes._last)


def test_facts_of_this_machine() -> None:
    import os

    found = facts(Machine(), 5.0, {"role": "test"})
    assert found["hostname"] == os.uname().nodename
    assert found["cores"] == os.cpu_count()
    assert isinstance(found["memory"], int)
    assert found["memory"] > 1 << 27
    assert found["tags"] == {"role": "test"}
    assert isinstance(found["boot_time"], float)
    assert 0 < found["boot_time"] < time.time()
