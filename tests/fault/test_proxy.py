"""The fault proxy itself: it carries what it should, and breaks what it is told to break."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.fault.proxy import DOUBLE, DROP_ANSWER, PASS, Exchange, Fault, FaultProxy
from tests.support.processes import wait_until

BATCHES = "/agent/v1/batches"


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    got: list[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).got.append(body)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Echo.got = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(server: ThreadingHTTPServer) -> Iterator[FaultProxy]:
    proxy = FaultProxy(server.server_port)
    yield proxy
    proxy.close()


def connect(proxy: FaultProxy) -> AbstractContextManager[http.client.HTTPConnection]:
    return closing(http.client.HTTPConnection(proxy.url.removeprefix("http://"), timeout=5))


def exchange(connection: http.client.HTTPConnection, body: bytes, path: str = BATCHES) -> bytes:
    connection.request("POST", path, body)
    with connection.getresponse() as response:
        return response.read()


def post(proxy: FaultProxy, body: bytes) -> bytes:
    with connect(proxy) as connection:
        return exchange(connection, body)


def test_what_is_not_to_be_broken_passes_on_one_connection(proxy: FaultProxy) -> None:
    bodies = [b"one", b"", b"x" * 300_000]
    with connect(proxy) as connection:
        assert [exchange(connection, body) for body in bodies] == bodies


def test_a_dropped_answer_reaches_the_server_and_not_the_client(proxy: FaultProxy) -> None:
    proxy.choose = lambda exchange: DROP_ANSWER if exchange.number == 1 else PASS
    with pytest.raises(http.client.RemoteDisconnected):
        post(proxy, b"first")
    assert post(proxy, b"again") == b"again"
    assert Echo.got == [b"first", b"again"]
    assert proxy.done == {"drop answer": 1}


def test_a_cut_request_never_arrives_whole(proxy: FaultProxy) -> None:
    proxy.choose = lambda _: Fault("cut", cut_request=80)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        post(proxy, b"x" * 1000)
    assert Echo.got == []


def test_a_cut_answer_arrives_in_part(proxy: FaultProxy) -> None:
    proxy.choose = lambda _: Fault("cut", cut_answer=120)
    with pytest.raises(http.client.IncompleteRead):
        post(proxy, b"x" * 1000)
    assert len(Echo.got) == 1


def test_a_doubled_request_arrives_twice_and_is_answered_once(proxy: FaultProxy) -> None:
    proxy.choose = lambda _: DOUBLE
    assert post(proxy, b"twice") == b"twice"
    assert Echo.got == [b"twice", b"twice"]


def test_a_held_answer_was_given_by_the_server(proxy: FaultProxy) -> None:
    held = proxy.hold_next_answer()
    broken: list[Exception] = []

    def send() -> None:
        try:
            post(proxy, b"held")
        except (http.client.HTTPException, OSError) as error:
            broken.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    assert held.arrived.wait(5)
    assert held.answer.endswith(b"held")
    held.go.set()
    thread.join(5)
    assert len(broken) == 1


def test_who_is_away_answers_nobody_until_back(proxy: FaultProxy) -> None:
    proxy.go_away()
    with pytest.raises((http.client.HTTPException, OSError)):
        post(proxy, b"lost")
    proxy.come_back()
    wait_until(lambda: post(proxy, b"here") == b"here", 5)
    assert Echo.got == [b"here"]


def test_only_posts_of_batches_are_put_to_choose(proxy: FaultProxy) -> None:
    asked: list[Exchange] = []

    def choose(one: Exchange) -> Fault:
        asked.append(one)
        return PASS

    proxy.choose = choose
    with connect(proxy) as connection:
        assert exchange(connection, b"hint", "/agent/v1/now") == b"hint"
    assert asked == []
