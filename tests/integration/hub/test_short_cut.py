"""Posts in every way that bytes can arrive: whole, in pieces, back to back, and beside other requests."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.integration.hub.posting import Sender
from tests.support.processes import HubProcess
from watchkeeper.hub.ingest.protocol import read_head


@pytest.fixture
def sender(hub: HubProcess, request: pytest.FixtureRequest) -> Sender:
    _, token = hub.add_host(request.node.name[:100])
    return Sender(hub.url, token)


class Line:
    """One kept connection; `answer` reads the next answer as (status, JSON)."""

    def __init__(self, raw: socket.socket) -> None:
        self.raw = raw
        self._buffer = b""

    def answer(self) -> tuple[int, dict[str, object]]:
        while b"\r\n\r\n" not in self._buffer:
            self._read()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        found = re.search(rb"(?i)content-length: (\d+)", head)
        assert found, head
        length = int(found[1])
        while len(self._buffer) < length:
            self._read()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return int(head.split()[1]), json.loads(body)

    def _read(self) -> None:
        part = self.raw.recv(65536)
        assert part, f"the hub closed the connection after {self._buffer!r}"
        self._buffer += part


@contextmanager
def connected(hub: HubProcess) -> Iterator[Line]:
    host, port = hub.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield Line(raw)


def request_of(sender: Sender, body: bytes, extra: str = "") -> bytes:
    head = f"POST /agent/v1/batches HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sender.token}\r\n{extra}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def posts(sender: Sender, count: int) -> list[bytes]:
    first = sender.seal(sender.schema_record(), sender.report([1.0, 2.0, 3.0]))
    rest = [sender.seal(sender.report([float(n), 2.0, 3.0])) for n in range(1, count)]
    return [request_of(sender, sender.body(sealed)) for sealed in [first, *rest]]


def test_posts_follow_one_another_on_one_connection(hub: HubProcess, sender: Sender) -> None:
    with connected(hub) as line:
        for number, post in enumerate(posts(sender, 20), 1):
            line.raw.sendall(post)
            assert line.answer()[1]["through"] == number


def test_a_post_may_come_in_two_pieces_at_any_place(hub: HubProcess, sender: Sender) -> None:
    all_posts = posts(sender, 40)
    step = len(all_posts[1]) // 38
    with connected(hub) as line:
        for number, post in enumerate(all_posts, 1):
            line.raw.sendall(post[: 1 + (number - 1) * step])
            line.raw.sendall(post[1 + (number - 1) * step :])
            assert line.answer()[1]["through"] == number


def test_posts_may_be_sent_before_the_answers_to_those_before_came(hub: HubProcess, sender: Sender) -> None:
    all_posts = posts(sender, 12)
    with connected(hub) as line:
        line.raw.sendall(b"".join(all_posts))
        answers = [line.answer() for _ in all_posts]

    assert [answer["through"] for _, answer in answers] == list(range(1, 13))


def test_posts_and_other_requests_share_a_connection(hub: HubProcess, sender: Sender) -> None:
    other = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connected(hub) as line:
        for number, post in enumerate(posts(sender, 6), 1):
            line.raw.sendall(other)
            assert line.answer() == (200, {"status": "ok"})
            line.raw.sendall(post + other)
            assert line.answer()[1]["through"] == number
            assert line.answer() == (200, {"status": "ok"})


def test_a_refused_post_leaves_the_connection_usable(hub: HubProcess, sender: Sender) -> None:
    good, better = posts(sender, 2)
    with connected(hub) as line:
        line.raw.sendall(good.replace(sender.token.encode(), b"wka_" + b"0" * 64))
        assert line.answer()[0] == 401
        line.raw.sendall(request_of(sender, b"nonsense"))
        assert line.answer()[0] == 400
        line.raw.sendall(good)
        assert line.answer()[0] == 200
        line.raw.sendall(better)
        assert line.answer()[1]["through"] == 2


def test_another_agents_stream_is_forbidden_on_the_short_way_too(hub: HubProcess, sender: Sender) -> None:
    with connected(hub) as line:
        line.raw.sendall(posts(sender, 1)[0])
        assert line.answer()[0] == 200
        _, token = hub.add_host("another thief of streams")
        thief = Sender(hub.url, token, stream=sender.stream)
        line.raw.sendall(posts(thief, 1)[0])
        status, problem = line.answer()

    assert status == 403
    assert problem["hint"]


@pytest.mark.parametrize(
    "header",
    [
        "Transfer-Encoding: chunked\r\n",
        "Content-Length: 3\r\n",
        "Connection: close\r\n",
        "Expect: 100-continue\r\n",
        "Content-Encoding: gzip\r\n",
        " folded: line\r\n",
        "Content-Length : 3\r\n",
        "no colon\r\n",
    ],
)
def test_what_could_be_read_in_two_ways_never_takes_the_short_way(header: str) -> None:
    head = f"POST /agent/v1/batches HTTP/1.1\r\nHost: x\r\n{header}Content-Length: 5\r\n\r\nhello"

    assert read_head(head.encode()) is None
    assert read_head(head.replace(header, "").encode()) is not None
