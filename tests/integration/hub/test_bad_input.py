"""What arrives at a hub that should not: each is refused or set aside, and none of it does harm."""

from __future__ import annotations

import gzip
import json
import resource
import socket
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.integration.hub.posting import SERIES, Sender
from tests.support.processes import HubProcess, wait_until
from watchkeeper.wire import frames, records


@pytest.fixture
def sender(hub: HubProcess, request: pytest.FixtureRequest) -> Sender:
    _, token = hub.add_host(request.node.name[:100])
    return Sender(hub.url, token)


def host_of(hub: HubProcess, name: str) -> dict[str, Any]:
    return next(host for host in hub.get("/hosts")["hosts"] if host["name"] == name)


def through(sender: Sender) -> int:
    answer = sender.post("receipts", json.dumps({"streams": [sender.stream.hex()]}).encode())
    return int(answer.json()["receipts"][0]["through"])


def test_a_wrong_token_is_refused_and_nothing_is_stored(hub: HubProcess, sender: Sender) -> None:
    stranger = Sender(hub.url, "wka_" + "0" * 64, stream=sender.stream)
    answer = stranger.send(stranger.seal(stranger.schema_record(), stranger.report([1.0, 2.0, 3.0])))

    assert answer.status_code == 401
    assert answer.json()["hint"]
    assert through(sender) == 0


def test_no_token_at_all_is_refused(hub: HubProcess, sender: Sender) -> None:
    answer = sender.post("batches", sender.body(sender.seal()), {"Authorization": ""})

    assert answer.status_code == 401


def test_a_body_over_the_limit_is_refused_before_it_is_read_whole(hub: HubProcess, sender: Sender) -> None:
    with socket.create_connection((hub.url.split("/")[2].split(":")[0], int(hub.url.rsplit(":", 1)[1])), 10) as line:
        head = f"POST /agent/v1/batches HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sender.token}\r\n"
        line.sendall(f"{head}Content-Length: 50000000\r\n\r\n".encode() + b"x" * 1000)
        line.settimeout(10)
        answer = line.recv(65536)

    assert b" 413 " in answer.split(b"\r\n")[0]


def test_a_chunked_body_over_the_limit_is_cut_off(hub: HubProcess, sender: Sender) -> None:
    address = (hub.url.split("/")[2].split(":")[0], int(hub.url.rsplit(":", 1)[1]))
    with socket.create_connection(address, 10) as line:
        line.settimeout(10)
        head = f"POST /agent/v1/batches HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sender.token}\r\n"
        line.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        chunk = b"%x\r\n" % 65536 + b"x" * 65536 + b"\r\n"
        sent = 0
        try:
            while sent < 64:
                line.sendall(chunk)
                sent += 1
        except (ConnectionResetError, BrokenPipeError):
            pass
        try:
            answer = line.recv(65536)
        except ConnectionResetError:
            answer = b""

    assert sent < 64 or b" 413 " in answer.split(b"\r\n")[0]
    assert through(sender) == 0


def test_a_gzip_bomb_stops_at_eight_mebibytes(hub: HubProcess, sender: Sender) -> None:
    bomb = gzip.compress(b"\0" * (400 << 20), 9)
    before = _peak_kib(hub)
    answer = sender.post("batches", bomb, {"Content-Encoding": "gzip"})

    assert len(bomb) < frames.MAX_POST_BYTES
    assert answer.status_code == 413
    assert _peak_kib(hub) - before < 40 << 10


def _peak_kib(hub: HubProcess) -> int:
    lines = Path(f"/proc/{hub.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def test_gzip_that_is_cut_short_is_refused(sender: Sender) -> None:
    packed = gzip.compress(sender.body(sender.seal(sender.schema_record())))

    assert sender.post("batches", packed[:-9], {"Content-Encoding": "gzip"}).status_code == 400
    assert sender.post("batches", b"no gzip at all", {"Content-Encoding": "gzip"}).status_code == 400


def test_a_gzipped_post_is_taken(sender: Sender) -> None:
    answer = sender.send(sender.seal(sender.schema_record(), sender.report([1.0, 2.0, 3.0])), packed=True)

    assert answer.json()["through"] == 1


def test_a_batch_of_another_agents_stream_is_forbidden(hub: HubProcess, sender: Sender) -> None:
    sender.send(sender.seal(sender.schema_record(), sender.report([1.0, 2.0, 3.0])))
    _, token = hub.add_host("a thief of streams")
    thief = Sender(hub.url, token, stream=sender.stream)
    thief.seq = 1
    answer = thief.send(thief.seal(thief.report([9.0, 9.0, 9.0])))

    assert answer.status_code == 403
    assert through(sender) == 1


def test_a_batch_that_was_damaged_on_the_way_is_refused_and_can_be_sent_again(sender: Sender) -> None:
    sealed = sender.seal(sender.schema_record(), sender.report([1.0, 2.0, 3.0]))
    damaged = bytearray(sealed)
    damaged[-1] ^= 0x40

    assert sender.send(bytes(damaged)).status_code == 400
    assert through(sender) == 0
    assert sender.send(sealed).json()["through"] == 1


@pytest.mark.parametrize("body", [b"", b"WKB1", b"nonsense" * 20, frames.POST_HEADER.pack(b"WKB1", 9, bytes(16), 0)])
def test_bytes_that_are_no_post_are_refused(sender: Sender, body: bytes) -> None:
    assert sender.post("batches", body).status_code == 400


def test_a_batch_whose_records_cannot_be_read_is_quarantined_and_acknowledged(hub: HubProcess, sender: Sender) -> None:
    name = "test_a_batch_whose_records_cannot_be_read_is_quarantined_and_acknowledged"
    sender.send(sender.seal(sender.schema_record(), sender.report([1.0, 2.0, 3.0])))
    sender.seq += 1
    broken = frames.seal(sender.seq, 3, struct.pack("<B3xI", 1, 999_999) + b"short")
    answer = sender.send(broken).json()
    good = sender.send(sender.seal(sender.report([4.0, 5.0, 6.0]))).json()
    counts = hub.get(f"/hosts/{host_of(hub, name)['id']}/completeness")

    assert answer["through"] == 2
    assert answer["quarantined"] == [2]
    assert good["through"] == 3
    assert counts["quarantined"] == 1
    assert sum(counts["received"]) == 2


@pytest.mark.parametrize(
    "record",
    [
        records.pack(records.EVENT, b"{no json"),
        records.pack(records.SCHEMA, b'["not a schema"]'),
        records.pack(records.REPORT, b"x" * 13),
        records.pack(records.GAP, b'{"stream": 1}'),
        records.pack(77, b"a kind of tomorrow"),
    ],
    ids=["event", "schema", "report", "gap", "unknown-kind"],
)
def test_a_single_unreadable_record_is_set_aside_and_the_rest_is_stored(
    hub: HubProcess, sender: Sender, record: bytes, request: pytest.FixtureRequest
) -> None:
    sealed = sender.seal(sender.schema_record(), record, sender.report([7.0, 8.0, 9.0]))
    answer = sender.send(sealed)
    host = host_of(hub, request.node.name[:100])

    assert answer.status_code == 200, answer.text
    assert answer.json()["quarantined"] == [1]
    assert host["now"]["cpu"] == 7.0
    assert hub.get(f"/hosts/{host['id']}/completeness")["quarantined"] == 1


def test_nan_and_infinities_become_null(hub: HubProcess, sender: Sender) -> None:
    now = time.time()
    values = [float("inf"), float("-inf"), float("nan")]
    sender.send(sender.seal(sender.schema_record(), sender.report(values, now - 2)))
    host = host_of(hub, "test_nan_and_infinities_become_null")
    names = [name for name, _, _ in SERIES]
    found = hub.request("GET", "/query", host=host["id"], series=names, **{"from": now - 60, "to": now + 1})

    assert host["now"]["cpu"] is None
    assert found.status_code == 200
    assert all(value is None for line in found.json()["series"] for value in line["mean"])
    assert b"NaN" not in found.content
    assert b"Infinity" not in found.content


def test_more_series_than_the_limit_are_dropped_with_an_event_and_the_rest_is_stored(
    hub: HubProcess, sender: Sender
) -> None:
    series = [(f"flood.value{{n={number}}}", "gauge", "") for number in range(12_000)]
    sender.schema, sender.schema_payload = records.pack_schema(series)
    first = sender.send(sender.seal(sender.schema_record(), sender.report([float(n) for n in range(12_000)])))
    again = sender.send(sender.seal(sender.schema_record(), sender.report([float(n) for n in range(12_000)])))
    host = host_of(hub, "test_more_series_than_the_limit_are_dropped_with_an_event_and_the_rest_is_stored")
    events = hub.get(f"/hosts/{host['id']}/events")["events"]
    kept = hub.get(f"/hosts/{host['id']}/series")["series"]
    found = hub.get("/query", host=host["id"], series="flood.value{n=9999}", **{"from": "-5m"})
    capped = [event for event in events if event["type"] == "series.capped"]

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["want_schemas"] == []
    assert len(kept) == 10_000
    assert len(capped) == 1
    assert capped[0]["data"]["limit"] == 10_000
    assert capped[0]["data"]["dropped"] == 2_000
    assert found["series"][0]["last"] == 9999.0


def test_a_report_without_its_schema_makes_the_hub_ask_and_is_shown_once_it_came(
    hub: HubProcess, sender: Sender
) -> None:
    now = time.time()
    asked = sender.send(sender.seal(sender.report([11.0, 12.0, 13.0], now - 3))).json()
    given = sender.send(sender.seal(sender.schema_record())).json()
    host = host_of(hub, "test_a_report_without_its_schema_makes_the_hub_ask_and_is_shown_once_it_came")
    found = hub.get("/query", host=host["id"], series="cpu.percent", **{"from": now - 60, "to": now})

    assert asked["want_schemas"] == [sender.schema]
    assert asked["through"] == 1
    assert given["want_schemas"] == []
    assert found["series"][0]["last"] == 11.0
    assert host["now"]["cpu"] == 11.0


def test_a_wrong_clock_is_shown_and_no_reason_to_refuse(hub: HubProcess, sender: Sender) -> None:
    body = sender.body(sender.seal(sender.schema_record(), sender.report([1.0, 2.0, 3.0], time.time() + 86_400)))
    answer = sender.post("batches", body, {"Wk-Sent-At": f"{time.time() + 86_400:.3f}"})
    host = host_of(hub, "test_a_wrong_clock_is_shown_and_no_reason_to_refuse")

    assert answer.status_code == 200
    assert host["skew"] == pytest.approx(86_400, abs=5)
    assert host["status"] == "online"


@pytest.mark.parametrize("clock", ["soon", "nan", "inf", "1e999", ""])
def test_a_clock_that_is_no_number_is_refused_unless_it_is_left_out(sender: Sender, clock: str) -> None:
    body = sender.body(sender.seal(sender.schema_record()))
    answer = sender.post("batches", body, {"Wk-Sent-At": clock})

    assert answer.status_code == (400 if clock else 200)


def test_a_duplicate_is_acknowledged_and_stored_once(hub: HubProcess, sender: Sender) -> None:
    sealed = sender.seal(sender.schema_record(), sender.report([1.0, 2.0, 3.0]))
    receipts = [sender.send(sealed).json() for _ in range(5)]
    host = host_of(hub, "test_a_duplicate_is_acknowledged_and_stored_once")
    counts = hub.get(f"/hosts/{host['id']}/completeness")

    assert {receipt["through"] for receipt in receipts} == {1}
    assert sum(counts["received"]) == 1
    assert counts["duplicates"] == 4


def test_a_gap_counts_as_lost_only_what_had_not_arrived(hub: HubProcess, sender: Sender) -> None:
    sender.send(sender.seal(sender.schema_record(), sender.report([1.0, 2.0, 3.0])))
    sender.seq = 5
    sender.send(sender.seal(sender.report([1.0, 2.0, 3.0])))
    urgent = Sender(hub.url, sender.token, frames.URGENT)
    lost = {"lane": "metrics", "stream": sender.stream.hex(), "first": 1, "last": 8, "records": 8}
    lost |= {"from": None, "to": None, "reason": "quota", "time": time.time()}
    answer = urgent.send(urgent.seal(records.pack_json(records.GAP, lost)))
    host = host_of(hub, "test_a_gap_counts_as_lost_only_what_had_not_arrived")
    gaps = hub.get(f"/hosts/{host['id']}/completeness")["gaps"]

    assert answer.status_code == 200
    assert through(sender) == 8
    assert sorted(gap["batches"] for gap in gaps) == [2, 4]
    assert {gap["reason"] for gap in gaps} == {"quota"}


def test_a_name_that_is_not_known_is_answered_with_the_nearest(hub: HubProcess, sender: Sender) -> None:
    sender.send(sender.seal(sender.schema_record(), sender.report([1.0, 2.0, 3.0])))
    host = host_of(hub, "test_a_name_that_is_not_known_is_answered_with_the_nearest")["id"]
    answers = {
        "cpu.percent": hub.request("GET", "/query", host=host, series="cpu.precent"),
        "memory.percent": hub.request("GET", "/fleet/latest", metric="memory.pecent"),
        "load.1": hub.request("GET", "/fleet/query", metric="laod.1"),
        "sparkline": hub.request("GET", "/hosts", sparkle="1"),
        "test_a_name": hub.request("GET", "/hosts/test_a_name_that_is_not_known_is_answered_with_the_nearst"),
    }

    for near, answer in answers.items():
        assert answer.status_code in (404, 422), answer.text
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert near in answer.json()["hint"]


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/query", {"host": "HOST", "series": "cpu.percent", "from": "yesterday"}),
        ("/query", {"host": "HOST", "series": "cpu.percent", "from": "-1h", "to": "-2h"}),
        ("/query", {"host": "HOST", "series": "cpu.percent", "points": "0"}),
        ("/query", {"host": "HOST", "series": "cpu.percent", "as": "poem"}),
        ("/query", {"host": "HOST"}),
        ("/fleet/query", {"metric": "cpu.percent", "agg": "p42"}),
    ],
)
def test_a_query_that_cannot_be_meant_is_unprocessable(
    hub: HubProcess, sender: Sender, path: str, parameters: dict[str, str], request: pytest.FixtureRequest
) -> None:
    sender.send(sender.seal(sender.schema_record(), sender.report([1.0, 2.0, 3.0])))
    host = host_of(hub, request.node.name[:100])["id"]
    answer = hub.request("GET", path, **{key: host if value == "HOST" else value for key, value in parameters.items()})

    assert answer.status_code == 422, answer.text
    assert answer.json()["hint"]


def test_random_bytes_never_bring_the_hub_down(hub: HubProcess, sender: Sender) -> None:
    state = 12345
    for length in (1, 5, 27, 28, 29, 100, 5000):
        body = bytearray(sender.body(sender.seal(sender.schema_record(), sender.report([1.0, 2.0, 3.0]))))[:length]
        for position in range(len(body)):
            state = zlib.crc32(b"%d %d" % (state, position))
            if state % 5 == 0:
                body[position] ^= state >> 8 & 0xFF
        answer = sender.post("batches", bytes(body))
        assert answer.status_code in (200, 400), answer.text
        assert sender.post("now", bytes(body)).status_code in (200, 204, 400)
        assert sender.post("receipts", bytes(body)).status_code in (200, 400)
    assert hub.is_healthy()


def test_a_full_disk_is_told_as_such_and_posts_go_through_again_later(tmp_path: Path) -> None:
    from tests.support.processes import start_hub

    with start_hub(tmp_path) as hub:
        _, token = hub.add_host("box")
        sender = Sender(hub.url, token)
        sender.send(sender.seal(sender.schema_record(), sender.report([1.0, 2.0, 3.0])))
        largest = max(path.stat().st_size for path in hub.data.iterdir() if path.is_file())
        # No file of the hub may grow: as near to a full disk as one gets without a mount.
        soft, hard = resource.prlimit(hub.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(hub.pid, resource.RLIMIT_FSIZE, (min(4096, largest), hard))
        sealed = [sender.seal(sender.report([2.0, 2.0, 3.0])) for _ in range(40)]
        refused = wait_until(lambda: _refusal(sender, sealed), 20, "a refusal")
        notices = hub.get("/hub")["notices"]
        resource.prlimit(hub.pid, resource.RLIMIT_FSIZE, (soft, hard))
        last = wait_until(lambda: _taken(sender, sealed), 20, "the same posts to be taken")

        assert refused.status_code in (503, 507)
        assert int(refused.headers["retry-after"]) >= 1
        assert any("stored" in notice["text"] for notice in notices)
        assert last == 41
        assert not any("stored" in notice["text"] for notice in hub.get("/hub")["notices"])


def _refusal(sender: Sender, sealed: list[bytes]) -> Any:
    for one in sealed:
        answer = sender.send(one)
        if answer.status_code != 200:
            return answer
    return None


def _taken(sender: Sender, sealed: list[bytes]) -> int:
    answer = sender.send(*sealed)
    return int(answer.json()["through"]) if answer.status_code == 200 else 0
