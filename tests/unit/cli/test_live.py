from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.client.live import Fleet, LiveEvent, read_events


def test_an_event_is_its_name_and_its_data() -> None:
    lines = ["event: ping", 'data: {"time":1}', "", ": a comment", "data:one", "data: two", ""]
    assert list(read_events(lines)) == [LiveEvent("ping", b'{"time":1}'), LiveEvent("message", b"one\ntwo")]


def test_an_event_that_the_stream_breaks_off_is_dropped() -> None:
    assert list(read_events(["event: hosts", 'data: {"hosts"'])) == []


@given(st.lists(st.text(alphabet="ab:\t ", max_size=8).map(str.strip), max_size=20))
def test_no_lines_whatever_make_the_reader_fail(lines: list[str]) -> None:
    for event in read_events(lines):
        assert event.name


def event(name: str, data: object) -> LiveEvent:
    return LiveEvent(name, msgspec.json.encode(data))


def test_the_fleet_follows_the_stream() -> None:
    fleet = Fleet()
    first = {"id": "h1", "name": "one", "status": "online", "now": {"cpu": 5.0}}
    assert fleet.take(event("fleet", {"time": 1.0, "hosts": [first]}))
    assert fleet.take(event("hosts", {"time": 2.0, "hosts": [{"id": "h1", "status": "late", "reason": "slow"}]}))
    assert fleet.hosts["h1"].status == "late"
    assert fleet.hosts["h1"].now is not None
    assert fleet.hosts["h1"].now.cpu == 5.0
    fleet.take(event("added", {"id": "h2", "name": "two"}))
    fleet.take(event("removed", {"id": "h1"}))
    assert list(fleet.hosts) == ["h2"]


def test_what_the_fleet_does_not_know_changes_nothing() -> None:
    fleet = Fleet()
    assert not fleet.take(event("ping", {"time": 1}))
    fleet.take(event("hosts", {"hosts": [{"id": "ghost", "status": "online"}]}))
    assert fleet.hosts == {}
