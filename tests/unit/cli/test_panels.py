from __future__ import annotations

import io

import msgspec
import pytest
from rich.console import Console, RenderableType

from watchkeeper.cli import panels
from watchkeeper.client.live import LiveEvent
from watchkeeper.client.model import Host, Now, Process, Processes


def host(name: str, cpu: float | None, status: str = "online") -> Host:
    now = Now(cpu=cpu, memory=40.0, disk=97.0, load=0.5, receive=1500.0, send=200.0)
    return Host(id=name, name=name, status=status, last_report=995.0, now=now)


def drawn(renderable: RenderableType, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with console.capture() as captured:
        console.print(renderable)
    return captured.get().splitlines()


HOSTS = [host("web-1", 10.0), host("db-1", 90.0), host("idle", None, "offline")]


@pytest.mark.parametrize(("width", "height"), [(80, 23), (120, 40), (60, 10)])
def test_the_fleet_fits_the_terminal(width: int, height: int) -> None:
    many = [host(f"machine-with-a-rather-long-name-{index}", float(index)) for index in range(200)]
    lines = drawn(panels.fleet(many, sort="n", offset=0, width=width, height=height, now=1000.0), width)
    assert len(lines) == height
    assert max(map(len, lines)) <= width


def test_the_fleet_is_sorted_by_what_was_asked_with_unknown_last() -> None:
    lines = drawn(panels.fleet(HOSTS, sort="c", offset=0, width=80, height=23, now=1000.0), 80)
    assert [line.split()[0] for line in lines[2:5]] == ["db-1", "web-1", "idle"]


def test_states_are_told_in_words_and_counted() -> None:
    lines = drawn(panels.fleet(HOSTS, sort="n", offset=0, width=80, height=23, now=1000.0), 80)
    assert "3 hosts" in lines[0]
    assert "● 2 online" in lines[0]
    assert "✖ 1 offline" in lines[0]
    assert "–" in next(line for line in lines if line.startswith("idle"))


def test_scrolling_leaves_out_the_first_hosts() -> None:
    lines = drawn(panels.fleet(HOSTS, sort="n", offset=1, width=80, height=23, now=1000.0), 80)
    assert lines[2].split()[0] == "idle"


def event(name: str, data: object) -> LiveEvent:
    return LiveEvent(name, msgspec.json.encode(data))


def test_one_host_follows_its_stream_and_fits() -> None:
    view = panels.HostView(host("web-1", 10.0), Processes())
    assert view.take(event("schema", {"number": 7, "series": [{"name": "cpu.percent"}, {"name": "load.1"}]}))
    assert view.take(
        event("report", {"time": 999.0, "received": 999.0, "schema": 7, "values": [55.5, None], "hint": False})
    )
    busy = [Process(pid=index, name="worker", user="root", cpu=1.0, memory=2.0**20) for index in range(60)]
    assert view.take(event("processes", msgspec.to_builtins(Processes(by_cpu=busy))))
    lines = drawn(panels.one_host(view, width=80, height=23, now=1000.0), 80)
    assert len(lines) <= 23
    assert max(map(len, lines)) <= 80
    assert any("55.5%" in line for line in lines)
    assert sum("worker" in line for line in lines) > 10


def test_a_report_of_an_unknown_schema_shows_no_wrong_figures() -> None:
    view = panels.HostView(host("web-1", 10.0), Processes())
    view.take(event("report", {"time": 999.0, "schema": 9, "values": [55.5]}))
    assert view.values == {}
