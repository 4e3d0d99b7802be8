"""What `wk`'s client makes of the answers of a server that is no hub, or a troubled one."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from watchkeeper.base import errors
from watchkeeper.client.hub import Hub


class Canned(ThreadingHTTPServer):
    """Answers every request with `status`, `headers` and `body`."""

    daemon_threads = True
    status = 200
    headers: dict[str, str] = {}  # noqa: RUF012
    body = b""


class Handler(BaseHTTPRequestHandler):
    server: Canned

    def do_GET(self) -> None:
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Canned]:
    with Canned(("127.0.0.1", 0), Handler) as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join(10)


@pytest.fixture
def hub(server: Canned) -> Iterator[Hub]:
    with Hub(f"http://127.0.0.1:{server.server_port}", "wkt_x") as found:
        yield found


@pytest.mark.parametrize(
    ("status", "kind", "exit_code"),
    [
        (400, errors.UsageError, 2),
        (401, errors.UnauthenticatedError, 5),
        (403, errors.ForbiddenError, 5),
        (404, errors.NotFoundError, 4),
        (409, errors.ConflictError, 6),
        (413, errors.TooLargeError, 1),
        (422, errors.UnprocessableError, 2),
        (429, errors.TooManyError, 1),
        (500, errors.WatchkeeperError, 1),
        (503, errors.UnavailableError, 3),
    ],
)
def test_a_problem_becomes_the_error_of_its_status_with_the_hubs_own_hint(
    server: Canned, hub: Hub, status: int, kind: type[errors.WatchkeeperError], exit_code: int
) -> None:
    server.status = status
    server.body = json.dumps({"title": "what failed", "detail": "why", "hint": "what to do"}).encode()
    with pytest.raises(kind) as caught:
        hub.state()
    assert (caught.value.message, caught.value.hint) == ("what failed: why", "what to do")
    assert caught.value.exit_code == exit_code


def test_a_server_that_wants_patience_says_how_much(server: Canned, hub: Hub) -> None:
    server.status, server.headers = 429, {"Retry-After": "17"}
    with pytest.raises(errors.TooManyError) as caught:
        hub.state()
    assert caught.value.retry_after == 17.0


def test_a_page_where_json_should_be_is_no_hub(server: Canned, hub: Hub) -> None:
    server.body = b"<html>a router</html>"
    with pytest.raises(errors.UnavailableError, match="no Watchkeeper hub"):
        hub.state()
    server.status = 500
    with pytest.raises(errors.WatchkeeperError, match="answered with 500"):
        hub.state()


def test_a_live_stream_that_ends_is_worth_another_try(server: Canned, hub: Hub) -> None:
    server.headers = {"Content-Type": "text/event-stream"}
    server.body = b"event: ping\ndata: {}\n\n"
    events = hub.live()
    assert next(events).name == "ping"
    with pytest.raises(errors.UnavailableError) as caught:
        next(events)
    assert caught.value.retryable


def test_a_live_stream_that_is_refused_tells_why(server: Canned, hub: Hub) -> None:
    server.status, server.body = 403, b'{"title": "not yours", "hint": "ask"}'
    with pytest.raises(errors.ForbiddenError, match="not yours"):
        next(hub.live())


def test_nobody_there_is_unavailable() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        with Hub(f"http://127.0.0.1:{held.getsockname()[1]}") as hub, pytest.raises(errors.UnavailableError):
            hub.state()
