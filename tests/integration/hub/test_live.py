"""Server-Sent Events as a browser sees them, and what a reader that does not read does to the hub: nothing."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Queue
from typing import Any

import httpx
import pytest

from tests.integration.hub.posting import Sender
from tests.support.processes import HubProcess, wait_until
from watchkeeper.wire import frames, records


class Page:
    """An open live view; `next(kind)` waits for the next event of that kind."""

    def __init__(self, response: httpx.Response) -> None:
        self._events: Queue[tuple[str, Any, float]] = Queue()
        self._thread = threading.Thread(target=self._read, args=(response,), daemon=True)
        self._thread.start()

    def _read(self, response: httpx.Response) -> None:
        kind = ""
        try:
            for line in response.iter_lines():
                if line.startswith("event: "):
                    kind = line[7:]
                elif line.startswith("data: "):
                    self._events.put((kind, json.loads(line[6:]), time.time()))
        except (httpx.HTTPError, httpx.StreamError):
            return

    def next(self, kind: str, seconds: float = 5.0) -> tuple[Any, float]:
        deadline = time.monotonic() + seconds
        while True:
            try:
                found, data, when = self._events.get(timeout=max(0.01, deadline - time.monotonic()))
            except Empty:
                raise AssertionError(f"no event {kind!r} within {seconds:g} s") from None
            if found == kind:
                return data, when


@contextmanager
def page(hub: HubProcess, **parameters: str) -> Iterator[Page]:
    headers = {"Authorization": f"Bearer {hub.token}"}
    with httpx.stream("GET", f"{hub.url}/api/v1/live", params=parameters, headers=headers, timeout=30) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Page(response)


@pytest.fixture
def sender(hub: HubProcess, request: pytest.FixtureRequest) -> Sender:
    _, token = hub.add_host(request.node.name[:100])
    return Sender(hub.url, token)


def test_the_fleet_view_begins_with_all_hosts_and_tells_what_changes(hub: HubProcess, sender: Sender) -> None:
    with page(hub) as fleet:
        start, _ = fleet.next("fleet")
        mine = next(host for host in start["hosts"] if host["name"].startswith("test_the_fleet_view"))
        assert mine["status"] == "never"
        assert "facts" not in mine
        sender.send(sender.seal(sender.schema_record(), sender.report([61.0, 2.0, 3.0])))
        sent = time.time()
        changed, seen = fleet.next("hosts")

    assert [(host["id"], host["now"]["cpu"], host["status"]) for host in changed["hosts"]] == [
        (mine["id"], 61.0, "online")
    ]
    assert seen - sent < 1.0


def test_the_fleet_view_tells_of_added_renamed_and_removed_hosts(hub: HubProcess) -> None:
    with page(hub) as fleet:
        fleet.next("fleet")
        host, _ = hub.add_host("comes and goes")
        added, _ = fleet.next("added")
        hub.request("DELETE", f"/hosts/{host}", json={"name": "comes and goes"}).raise_for_status()
        removed, _ = fleet.next("removed")

    assert added["id"] == host
    assert removed == {"id": host}


def test_the_host_view_sends_the_schema_before_the_first_report_and_then_every_report(
    hub: HubProcess, sender: Sender
) -> None:
    name = "test_the_host_view_sends_the_schema_before_the_first_report_and_then_every_report"
    with page(hub, host=name) as view:
        start, _ = view.next("host")
        first = sender.seal(sender.schema_record(), sender.report([1.0, float("nan"), 3.0]))
        receipt = sender.send(first).json()
        schema, _ = view.next("schema")
        report, _ = view.next("report")
        sender.send(sender.seal(*[sender.report([float(n), 2.0, 3.0]) for n in (5, 6, 7)]))
        rest = [view.next("report")[0]["values"][0] for _ in range(3)]
        sender.send(sender.seal(sender.event("disk.full", {"mount": "/"})))
        event, _ = view.next("event")

    assert start["name"] == name
    assert receipt["watched"] is True
    assert [entry["name"] for entry in schema["series"]] == ["cpu.percent", "memory.percent", "load.1"]
    assert report["schema"] == schema["number"]
    assert report["values"] == [1.0, None, 3.0]
    assert report["hint"] is False
    assert rest == [5.0, 6.0, 7.0]
    assert (event["type"], event["data"]) == ("disk.full", {"mount": "/"})
    wait_until(lambda: not sender.send(sender.seal()).json()["watched"], 5, "nobody to watch any more")


def test_a_hint_is_shown_at_once_and_not_stored(hub: HubProcess, sender: Sender) -> None:
    name = "test_a_hint_is_shown_at_once_and_not_stored"
    with page(hub, host=name) as view:
        view.next("host")
        answer = sender.post("now", sender.schema_record() + sender.report([77.0, 2.0, 3.0]))
        report, _ = view.next("report")
    host = hub.get(f"/hosts/{name}")

    assert answer.status_code == 200
    assert answer.json() == {"want_schemas": [], "watched": True}
    assert (report["hint"], report["values"][0]) == (True, 77.0)
    assert host["now"]["cpu"] == 77.0
    assert hub.get(f"/hosts/{name}/series")["series"] == []


def test_a_reader_that_does_not_read_is_told_what_it_missed_and_slows_nobody(hub: HubProcess, sender: Sender) -> None:
    name = "test_a_reader_that_does_not_read_is_told_what_it_missed_and_slows_nobody"
    host, port = hub.url.removeprefix("http://").split(":")
    with socket.socket() as lazy, page(hub, host=name) as eager:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.connect((host, int(port)))
        lazy.settimeout(10)
        request = (
            f"GET /api/v1/live?host={name} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {hub.token}\r\n"
        )
        lazy.sendall(f"{request}\r\n".encode())
        eager.next("host")
        before = _rss_kib(hub)
        series = [(f"wide.value{{n={number}}}", "gauge", "") for number in range(500)]
        sender.schema, sender.schema_payload = records.pack_schema(series)
        sender.send(sender.seal(sender.schema_record()))
        waits = []
        for number in range(60):
            reports = [sender.report([number + index / 7] * 500) for index in range(60)]
            begin = time.monotonic()
            assert sender.send(sender.seal(*reports)).status_code == 200
            waits.append(time.monotonic() - begin)
        text = _read_until(lazy, b"event: skipped")

    assert b"event: skipped" in text
    assert sorted(waits)[len(waits) // 2] < 0.5
    assert _rss_kib(hub) - before < 30 << 10


def _read_until(line: socket.socket, mark: bytes) -> bytes:
    text, deadline = b"", time.monotonic() + 20
    while mark not in text and time.monotonic() < deadline:
        part = line.recv(65536)
        if not part:
            break
        text += part
    return text


def _rss_kib(hub: HubProcess) -> int:
    with open(f"/proc/{hub.pid}/status", encoding="ascii") as lines:
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def test_the_order_of_boots_and_clocks_never_freezes_the_view(hub: HubProcess, sender: Sender) -> None:
    name = "test_the_order_of_boots_and_clocks_never_freezes_the_view"
    now = time.time()
    sender.send(sender.seal(sender.schema_record(), sender.report([1.0, 2.0, 3.0], now)))
    # The wall clock is set back by a year, the monotonic clock goes on.
    sender.send(sender.seal(sender.report([2.0, 2.0, 3.0], now - 31_536_000)))
    assert hub.get(f"/hosts/{name}")["now"]["cpu"] == 2.0
    # An older stream of the boot before drains late: nothing of it is news.
    old = Sender(hub.url, sender.token, frames.METRICS)
    old.send(old.seal(old.schema_record(), old.report([9.0, 2.0, 3.0], now - 40_000_000, boot=7)))
    assert hub.get(f"/hosts/{name}")["now"]["cpu"] == 2.0
