"""SmallHub behind a real socket, with an answer to order for the next requests."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.support.small_hub import SmallHub

# What happens to one request: the handler and whether it was taken by the hub already.
Fault = Callable[["Handler"], bool]


class Handler(BaseHTTPRequestHandler):
    """One connection of the agent."""

    protocol_version = "HTTP/1.1"
    server: SmallHubServer
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        self.server.log.append(format % args)

    def do_POST(self) -> None:
        hub = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with hub.guard:
            hub.requests.append((self.path, dict(self.headers), body))
            fault = hub.faults.popleft() if hub.faults else hub.fault
        if fault is not None and fault(self):
            return
        if self.headers.get("Authorization") != f"Bearer {hub.token}":
            self.answer(401, {"title": "unknown token"})
            return
        self.answer(*self.take(body))

    def take(self, body: bytes) -> tuple[int, dict[str, Any] | None]:
        """Do what the request asks; gives status and JSON of the answer."""
        server = self.server
        if self.headers.get("Content-Encoding") == "gzip":
            body = zlib.decompress(body, 31)
        with server.guard:
            if self.path == "/agent/v1/receipts":
                streams = [bytes.fromhex(stream) for stream in json.loads(body)["streams"]]
                ours = [stream for stream in streams if stream not in server.foreign]
                receipts = [server.hub.receipt(stream).as_json() for stream in ours]
                return 200, {"incarnation": server.hub.incarnation, "receipts": receipts}
            if self.path == "/agent/v1/now":
                server.hints.append(body)
                return (200, {"watched": server.watched}) if server.watched else (204, None)
            if body[8:24] in server.foreign:
                return 403, {"title": "another agent's stream"}
            if len(body) > server.most_bytes:
                return 413, {"title": "too large"}
            receipt = server.hub.take(body)
            server.times.append(time.monotonic())
            return 200, {**receipt.as_json(), "want_schemas": server.want_schemas, "watched": server.watched}

    def answer(self, status: int, value: dict[str, Any] | None = None, headers: dict[str, str] | None = None) -> None:
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def drop(self) -> None:
        """End the connection without a word."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


class SmallHubServer(ThreadingHTTPServer):
    """Use it as a context. `faults` are for the next requests, one each; `fault` for all others."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, hub: SmallHub | None = None, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.scheme = "https" if tls else "http"
        self.hub = hub or SmallHub()
        self.token = "wka_right"
        self.guard = threading.RLock()
        self.faults: deque[Fault | None] = deque()
        self.fault: Fault | None = None
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.hints: list[bytes] = []
        self.times: list[float] = []
        self.foreign: set[bytes] = set()
        self.want_schemas: list[int] = []
        self.watched = False
        self.most_bytes = 8 << 20
        self.log: list[str] = []
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.log.append("a connection broke")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join(5)
        self.server_close()


def dropped(handler: Handler) -> bool:
    """Nothing is taken, nothing answered."""
    handler.drop()
    return True


def taken_but_not_answered(handler: Handler) -> bool:
    """The hub commits, and its answer never arrives."""
    handler.take(handler.server.requests[-1][2])
    handler.drop()
    return True


def answered_twice(handler: Handler) -> bool:
    """The same answer comes a second time, as if to the next request."""
    answer = handler.take(handler.server.requests[-1][2])
    handler.answer(*answer)
    handler.answer(*answer)
    return True


def refused(status: int, **headers: str) -> Fault:
    """Answer `status`; `retry_after="1"` becomes the header Retry-After."""

    def fault(handler: Handler) -> bool:
        handler.answer(status, {"title": "not now"}, {name.replace("_", "-").title(): v for name, v in headers.items()})
        return True

    return fault


def raw(data: bytes) -> Fault:
    """Answer these bytes and end the connection."""

    def fault(handler: Handler) -> bool:
        handler.wfile.write(data)
        handler.drop()
        return True

    return fault


def late(seconds: float) -> Fault:
    """Answer, but not before `seconds` have passed."""

    def fault(handler: Handler) -> bool:
        time.sleep(seconds)
        return False

    return fault
