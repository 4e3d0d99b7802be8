"""The sender against a real server on a real socket."""

from __future__ import annotations

import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import free_port, wait_until
from tests.support.small_hub import SmallHub
from tests.support.small_hub_server import (
    SmallHubServer,
    answered_twice,
    dropped,
    late,
    raw,
    refused,
    taken_but_not_answered,
)
from watchkeeper.base.backoff import Backoff
from watchkeeper.uplink.sender import Sender
from watchkeeper.uplink.spool import Spool
from watchkeeper.wire import records
from watchkeeper.wire.frames import METRICS, URGENT


def record(number: int, size: int = 20) -> bytes:
    return records.pack(records.EVENT, b'{"time":%d,"x":"%s"}' % (number, b"a" * size))


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(str(tmp_path / "spool"))
    yield spool
    spool.close()


@pytest.fixture
def server() -> Iterator[SmallHubServer]:
    with SmallHubServer() as server:
        yield server


@pytest.fixture
def start(spool: Spool, server: SmallHubServer) -> Iterator[Callable[..., Sender]]:
    started: list[Sender] = []

    def begin(url: str = "", token: str = "wka_right", **more: Any) -> Sender:
        more.setdefault("backoff", Backoff(0.01, 0.05))
        sender = Sender(spool, url or server.url, token, **more)
        sender.start()
        started.append(sender)
        return sender

    yield begin
    for sender in started:
        assert sender.stop(25.0)


def stored(server: SmallHubServer, count: int, seconds: float = 20.0) -> list[bytes]:
    """The records that arrived, once there are `count`."""
    wait_until(lambda: len(server.hub.payloads()) >= count, seconds, f"{count} records")
    return server.hub.payloads()


def test_new_data_is_sent_at_once(spool: Spool, server: SmallHubServer, start: Callable[..., Sender]) -> None:
    sender = start()
    wait_until(lambda: sender.status()["connected"], 10)
    delays = []
    for number in range(20):
        begun = time.monotonic()
        spool.append(METRICS, [record(number)])
        sender.wake()
        stored(server, number + 1)
        delays.append(server.times[-1] - begun)
    assert min(delays) < 0.2, "an interval or a poll lies between collecting and sending"
    assert len({headers["Wk-Sent-At"] for _, headers, _ in server.requests}) > 1
    connects = sum(1 for path, _, _ in server.requests if path.endswith("receipts"))
    assert connects <= 2, "one connection is kept"


def test_answers_that_are_lost_store_each_batch_once(
    spool: Spool, server: SmallHubServer, start: Callable[..., Sender]
) -> None:
    for number in range(60):
        spool.append(METRICS, [record(number)])
    server.faults.extend([None, taken_but_not_answered, dropped] * 20)
    start(post_bytes=200)
    assert stored(server, 60) == [record(number)[8:] for number in range(60)]
    wait_until(lambda: spool.stats()["batches"] == 0, 10)
    assert not server.hub.lost


def test_an_answer_that_comes_twice_is_not_taken_for_the_next(
    spool: Spool, server: SmallHubServer, start: Callable[..., Sender]
) -> None:
    for number in range(30):
        spool.append(METRICS, [record(number)])
    server.faults.extend([answered_twice, None, answered_twice] * 10)
    start(post_bytes=200)
    assert stored(server, 30) == [record(number)[8:] for number in range(30)]
    wait_until(lambda: spool.stats()["batches"] == 0, 10)


@pytest.mark.parametrize("status", [429, 503, 507])
def test_the_hub_says_how_long_to_wait(
    spool: Spool, server: SmallHubServer, start: Callable[..., Sender], status: int
) -> None:
    server.faults.append(refused(status, retry_after="1"))
    spool.append(METRICS, [record(1)])
    begun = time.monotonic()
    sender = start()
    wait_until(lambda: sender.status()["error"], 5)
    assert "wait" in str(sender.status()["error"])
    assert not sender.status()["connected"]
    stored(server, 1)
    assert time.monotonic() - begun >= 1.0
    wait_until(lambda: sender.status()["error"] == "", 5)


def test_what_is_appended_while_waiting_becomes_durable(
    spool: Spool, server: SmallHubServer, start: Callable[..., Sender]
) -> None:
    sender = start(f"http://127.0.0.1:{free_port()}", backoff=Backoff(30.0, 30.0, lambda: 1.0))
    wait_until(lambda: "nothing listens" in str(sender.status()["error"]), 5)
    assert sender.status()["next_try"] is not None
    spool.append(METRICS, [record(1)])
    sender.wake()
    wait_until(lambda: spool.next_post() is not None, 5)


def test_a_wrong_token_holds_and_deletes_nothing(
    spool: Spool, server: SmallHubServer, start: Callable[..., Sender]
) -> None:
    sender = start(token="wka_wrong")
    spool.append(METRICS, [record(1)])
    sender.wake()
    wait_until(lambda: "token" in str(sender.status()["error"]), 5)
    asked = len(server.requests)
    assert asked == 1
    for _ in range(20):
        sender.wake()
    assert not server.hub.stored
    assert spool.stats()["batches"] == 1
    assert len(server.requests) == asked, "it tries again rarely"


def test_a_stream_of_another_agent_does_not_hold_up_our_own(
    tmp_path: Path, spool: Spool, server: SmallHubServer, start: Callable[..., Sender]
) -> None:
    stream, _ = spool.append(METRICS, [record(1)])
    server.foreign.add(stream)
    spool.append(URGENT, [record(2)])
    sender = start()
    stored(server, 1)
    wait_until(lambda: "copied" in str(sender.status()["error"]), 5)
    assert spool.stats()["batches"] == 1


def test_a_post_that_is_too_large_is_halved(spool: Spool, server: SmallHubServer, start: Callable[..., Sender]) -> None:
    server.most_bytes = 20_000
    for number in range(100):
        spool.append(METRICS, [record(number, 1000)])
    start()
    assert len(stored(server, 100)) == 100


def test_a_lone_batch_that_is_too_large_does_not_hold_up_other_lanes(
    spool: Spool, server: SmallHubServer, start: Callable[..., Sender]
) -> None:
    server.most_bytes = 20_000
    spool.append(URGENT, [record(1, 50_000)])
    spool.append(METRICS, [record(2)])
    sender = start()
    assert stored(server, 1) == [record(2)[8:]]
    wait_until(lambda: "size" in str(sender.status()["error"]), 5)
    assert spool.stats()["batches"] == 1


def test_a_post_that_arrived_broken_is_sent_again(
    spool: Spool, server: SmallHubServer, start: Callable[..., Sender]
) -> None:
    spool.append(METRICS, [record(1)])
    server.faults.extend([None, refused(400), refused(400)])
    start()
    stored(server, 1)
    bodies = {body for path, _, body in server.requests if path.endswith("batches")}
    assert len(bodies) == 1, "the same bytes"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 Oh\r\n\r\n",
        b'HTTP/1.1 200 OK\r\nContent-Length: 58\r\n\r\n{"stream":"00","ranges":[[9,1]],"incarnation":7,"check":8}',
        b'HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\n{"incarnation":"first","receipts":[5]}',
    ],
)
def test_nonsense_from_the_hub_only_makes_the_sender_try_again(
    spool: Spool, server: SmallHubServer, start: Callable[..., Sender], answer: bytes
) -> None:
    spool.append(METRICS, [record(1)])
    server.faults.extend([raw(answer), None, raw(answer), raw(answer)])
    start()
    assert stored(server, 1) == [record(1)[8:]]


def test_a_hub_that_hangs_is_given_up_after_the_timeout(
    spool: Spool, server: SmallHubServer, start: Callable[..., Sender]
) -> None:
    spool.append(METRICS, [record(1)])
    server.faults.extend([late(3.0)])
    sender = start(timeout=0.3, backoff=Backoff(1.0, 1.0, lambda: 0.9))
    wait_until(lambda: "did not answer within 0.3 s" in str(sender.status()["error"]), 5)
    stored(server, 1)


def test_a_restored_hub_gets_again_what_it_lost(
    spool: Spool, server: SmallHubServer, start: Callable[..., Sender]
) -> None:
    sender = start()
    for number in range(10):
        spool.append(METRICS, [record(number)])
    sender.wake()
    stored(server, 10)
    wait_until(lambda: spool.stats()["batches"] == 0, 5)
    with server.guard:
        server.hub = SmallHub("restored")
    spool.append(METRICS, [record(10)])
    sender.wake()
    assert sorted(stored(server, 11)) == sorted(record(number)[8:] for number in range(11))
    wait_until(lambda: spool.incarnation == "restored", 5)
    assert not server.hub.gaps


@contextmanager
def reporting(path: Path, server: SmallHubServer) -> Iterator[Callable[[int], None]]:
    """A sender of a spool of its own; gives a call that reports the record of a number."""
    spool = Spool(str(path))
    sender = Sender(spool, server.url, "wka_right", backoff=Backoff(0.01, 0.05))
    sender.start()

    def report(number: int) -> None:
        spool.append(METRICS, [record(number)])
        sender.wake()
        stored(server, number + 1)
        wait_until(lambda: spool.stats()["batches"] == 0, 5)

    try:
        yield report
    finally:
        assert sender.stop(25.0)
        spool.close()


def test_a_hub_rolled_back_with_all_its_files_gets_again_what_earlier_streams_brought(
    tmp_path: Path, server: SmallHubServer
) -> None:
    for life in range(2):
        with reporting(tmp_path / "lives", server) as report:
            report(life)
    server.hub = SmallHub(server.hub.incarnation)
    with reporting(tmp_path / "lives", server):
        assert sorted(stored(server, 2)) == [record(0)[8:], record(1)[8:]]


def test_a_hub_rolled_back_with_all_its_files_while_we_run_gets_everything_again(
    tmp_path: Path, server: SmallHubServer
) -> None:
    with reporting(tmp_path / "lives", server) as report:
        report(0)
    with reporting(tmp_path / "lives", server) as report:
        report(1)
        with server.guard:
            server.hub = SmallHub(server.hub.incarnation)
        report(2)
        assert sorted(server.hub.payloads()) == [record(number)[8:] for number in range(3)]


def test_the_newest_report_goes_ahead_of_a_backlog(
    spool: Spool, server: SmallHubServer, start: Callable[..., Sender]
) -> None:
    for number in range(50):
        spool.append(METRICS, [record(number, 500)])
    start(post_bytes=5000, hint=lambda: record(49, 500))
    stored(server, 50)
    assert server.hints == [record(49, 500)], "once for each value"
    first = [path for path, _, _ in server.requests if not path.endswith("receipts")]
    assert first[0].endswith("now")


def test_without_a_backlog_no_hint_is_sent(spool: Spool, server: SmallHubServer, start: Callable[..., Sender]) -> None:
    spool.append(METRICS, [record(1)])
    start(hint=lambda: record(1))
    stored(server, 1)
    assert not server.hints


def test_extras_are_sent_while_somebody_looks(
    spool: Spool, server: SmallHubServer, start: Callable[..., Sender]
) -> None:
    extras = [b"first"]
    sender = start(extras=lambda: extras[0])
    spool.append(METRICS, [record(1)])
    sender.wake()
    stored(server, 1)
    assert not server.hints
    server.watched = True
    spool.append(METRICS, [record(2)])
    sender.wake()
    wait_until(lambda: server.hints == [b"first"], 5)
    assert sender.watched
    extras[0] = b"second"
    sender.wake()
    wait_until(lambda: server.hints == [b"first", b"second"], 5)


def test_schemas_that_the_hub_lacks_are_asked_for_once(
    spool: Spool, server: SmallHubServer, start: Callable[..., Sender]
) -> None:
    asked: list[list[int]] = []
    server.want_schemas = [7, 9]
    sender = start(on_schemas=asked.append)
    for number in range(5):
        spool.append(METRICS, [record(number)])
        sender.wake()
        stored(server, number + 1)
    wait_until(lambda: asked, 5)
    assert asked == [[7, 9]]


def test_schemas_that_a_restored_hub_lacks_are_told_again_at_once(
    spool: Spool, server: SmallHubServer, start: Callable[..., Sender]
) -> None:
    asked: list[list[int]] = []
    server.want_schemas = [7]
    sender = start(on_schemas=asked.append)
    for life in range(2):
        spool.append(METRICS, [record(life)])
        sender.wake()
        wait_until(lambda: spool.stats()["batches"] == 0, 5)
        wait_until(lambda so_far=life + 1: len(asked) == so_far, 5, "the question for schemas")
        with server.guard:
            server.hub = SmallHub(f"restored {life}")
    assert asked == [[7], [7]]


def test_a_fault_of_ours_does_not_end_the_sending(
    spool: Spool, server: SmallHubServer, start: Callable[..., Sender]
) -> None:
    def broken() -> bytes:
        raise RuntimeError("a bug in the agent")

    server.watched = True
    sender = start(extras=broken)
    spool.append(METRICS, [record(1)])
    sender.wake()
    wait_until(lambda: "a bug in the agent" in str(sender.status()["error"]), 5)
    spool.append(METRICS, [record(2)])
    sender.wake()
    assert len(stored(server, 2)) == 2


def test_urgent_overtakes_a_backlog_of_metrics(
    spool: Spool, server: SmallHubServer, start: Callable[..., Sender]
) -> None:
    server.fault = late(0.02)
    for number in range(200):
        spool.append(METRICS, [record(number, 500)])
    sender = start(post_bytes=2000)
    wait_until(lambda: server.hub.stored, 10)
    spool.append(URGENT, [record(1000)])
    sender.wake()
    arrived = stored(server, 201, 60)
    assert arrived.index(record(1000)[8:]) < 150


def test_a_post_is_compressed_when_that_pays(
    spool: Spool, server: SmallHubServer, start: Callable[..., Sender]
) -> None:
    spool.append(METRICS, [record(1, 5000)])
    start()
    stored(server, 1)
    headers, body = next((headers, body) for path, headers, body in server.requests if path.endswith("batches"))
    assert headers["Content-Encoding"] == "gzip"
    assert len(body) < 500


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem"]
    name = ["-subj", "/CN=hub", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-out", "cert.pem"]
    subprocess.run(
        ["openssl", "req", "-x509", *key, *name],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


def test_over_tls_the_given_certificate_alone_is_trusted(
    spool: Spool, certificate: Path, start: Callable[..., Sender]
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with SmallHubServer(tls=context) as secure:
        stranger = start(secure.url)
        spool.append(METRICS, [record(1)])
        wait_until(lambda: "certificate that is not trusted" in str(stranger.status()["error"]), 10)
        assert stranger.stop(5)
        assert not secure.requests
        sender = start(secure.url, ca=str(certificate / "cert.pem"))
        stored(secure, 1)
        for number in range(2, 8):
            spool.append(METRICS, [record(number)])
            sender.wake()
            stored(secure, number)
        assert sum(1 for path, _, _ in secure.requests if path.endswith("receipts")) <= 2
        assert sender.stop(5)


def test_stopping_ends_the_thread(spool: Spool, server: SmallHubServer) -> None:
    before = threading.active_count()
    sender = Sender(spool, f"http://127.0.0.1:{free_port()}", "wka_right")
    sender.start()
    wait_until(lambda: sender.status()["error"], 5)
    assert sender.stop(5)
    assert threading.active_count() == before
