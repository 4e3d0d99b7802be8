"""The HTTP client on real sockets, and its reader on answers cut anywhere."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.support.processes import free_port
from watchkeeper.base.errors import SettingsError, UnavailableError
from watchkeeper.uplink.answer import MOST_BODY_BYTES, Reader, read_response
from watchkeeper.uplink.http import Address, Client


@contextmanager
def talking(*answers: bytes | Callable[[socket.socket], None], family: int = socket.AF_INET) -> Iterator[int]:
    """A server that takes one connection after the other, and gives each of its requests the next answer."""
    listener = socket.socket(family)
    listener.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
    listener.listen()
    listener.settimeout(10)
    left = list(answers)

    def serve() -> None:
        while left:
            connection, _ = listener.accept()
            connection.settimeout(10)
            with connection:
                while left and request_came(connection):
                    answer = left.pop(0)
                    if callable(answer):
                        answer(connection)
                    else:
                        connection.sendall(answer)
                    if callable(answer) or b"Content-Length" not in answer:
                        break

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        thread.join(10)
        listener.close()
        assert not thread.is_alive()


def request_came(connection: socket.socket) -> bool:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return False
        data += part
    return True


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def test_one_connection_serves_many_requests() -> None:
    with talking(OK, OK, OK) as port:
        client = Client(f"http://127.0.0.1:{port}", timeout=5)
        assert not client.connected
        for _ in range(3):
            response = client.request("GET", "/x")
            assert (response.status, response.body) == (200, b"hi")
        client.close()


def test_a_connection_that_the_server_ended_is_noticed_before_the_next_request() -> None:
    with talking(OK + b"", b"HTTP/1.1 204 No\r\nConnection: close\r\n\r\n") as port:
        client = Client(f"http://127.0.0.1:{port}", timeout=5)
        client.request("GET", "/x")
        assert client.connected
        assert client.request("GET", "/x").status == 204
        assert not client.connected


def test_ipv6_works() -> None:
    with talking(OK, family=socket.AF_INET6) as port:
        client = Client(f"http://[::1]:{port}", timeout=5)
        assert client.request("GET", "/").body == b"hi"
        client.close()


def test_a_refusal_that_comes_before_the_body_is_read_is_heard() -> None:
    def refuse(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.2)

    with talking(refuse) as port:
        client = Client(f"http://127.0.0.1:{port}", timeout=5)
        assert client.request("POST", "/", body=bytes(100_000)).status == 413


def test_a_server_that_trickles_does_not_outlast_the_timeout() -> None:
    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        for _ in range(30):
            try:
                connection.sendall(b"x")
            except OSError:
                return
            time.sleep(0.05)

    with talking(trickle) as port:
        client = Client(f"http://127.0.0.1:{port}", timeout=0.4)
        begun = time.monotonic()
        with pytest.raises(UnavailableError, match=r"did not answer within 0\.4 s"):
            client.request("GET", "/")
        assert time.monotonic() - begun < 1.4
        assert not client.connected


def test_nobody_listening_is_said_so() -> None:
    with pytest.raises(UnavailableError, match="nothing listens at 127") as caught:
        Client(f"http://127.0.0.1:{free_port()}", timeout=2).request("GET", "/")
    assert caught.value.retryable
    assert caught.value.hint


def test_a_name_that_does_not_exist_is_said_so() -> None:
    with pytest.raises(UnavailableError, match=r"no-such-host\.invalid"):
        Client("http://no-such-host.invalid:1", timeout=5).request("GET", "/")


def test_plain_http_behind_an_https_address_is_said_so() -> None:
    def plain(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(10_000)
            plain(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    with pytest.raises(UnavailableError, match="TLS"):
        Client(f"https://127.0.0.1:{listener.getsockname()[1]}", timeout=5).request("GET", "/")
    thread.join(5)
    listener.close()


def test_a_token_with_a_line_end_is_refused() -> None:
    with talking(b"") as port:
        client = Client(f"http://127.0.0.1:{port}", timeout=5)
        with pytest.raises(SettingsError):
            client.request("GET", "/", {"Authorization": "Bearer a\r\nX: y"})
        with pytest.raises(UnavailableError):
            client.request("GET", "/")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://hub", ("hub", 80, "", False)),
        ("https://hub", ("hub", 443, "", True)),
        ("https://hub:8787/", ("hub", 8787, "", True)),
        ("http://hub:1/prefix/", ("hub", 1, "/prefix", False)),
        ("http://[::1]:8787", ("::1", 8787, "", False)),
    ],
)
def test_addresses_are_read(url: str, place: tuple[str, int, str, bool]) -> None:
    address = Address(url)
    assert (address.host, address.port, address.path, address.tls) == place


@pytest.mark.parametrize(
    "url", ["", "hub:8787", "ftp://hub", "http://", "http://hub:x", "http://hub:0", "http://hub:70000", "http://a@b",
            "http://a b", "http://hüb"]
)  # fmt: skip
def test_what_is_no_address_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(SettingsError, match="https://hub"):
        Address(url)


def answer(data: bytes, size: int = 1 << 20) -> tuple[int, bytes, bool]:
    pieces = iter([data[at : at + size] for at in range(0, len(data), size)])
    response, keep = read_response(Reader(lambda: next(pieces, b"")), "POST")
    return response.status, response.body, keep


GOOD = [
    (OK, (200, b"hi", True)),
    (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"", True)),
    (b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n", (200, b"", False)),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", (200, b"x", False)),
    (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", (200, b"until the end", False)),
    (b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: 1\r\n\r\n",
     (200, b"abc0123456789", True)),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + OK, (200, b"hi", True)),
    (OK + b"rubbish", (200, b"hi", False)),
]  # fmt: skip


@pytest.mark.parametrize(("data", "expected"), GOOD)
@pytest.mark.parametrize("size", [1, 3, 1 << 20])
def test_answers_are_read_however_they_are_cut(data: bytes, expected: tuple[int, bytes, bool], size: int) -> None:
    status, body, keep = answer(data, size)
    assert (status, body) == expected[:2]
    # Rubbish behind an answer shows only when it came along with it.
    assert keep == expected[2] or data.endswith(b"rubbish")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n",
        b"220 mail.example ESMTP\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n : x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MOST_BODY_BYTES + 1),
        b"HTTP/1.1 200 OK\r\n\r\n" + bytes(MOST_BODY_BYTES + 1),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloworld",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"100000\r\n" + bytes(1 << 20) + b"\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 50_000 + b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
    ],
)
def test_what_is_no_answer_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(UnavailableError, match="answer"):
        answer(data)
