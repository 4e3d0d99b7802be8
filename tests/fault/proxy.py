"""A TCP proxy on loopback between agent and hub that misbehaves exchange by exchange, as it is told.

    proxy = FaultProxy(hub_port, choose=lambda exchange: DROP_ANSWER if exchange.number % 3 else PASS)
    ... point the agent at proxy.url ...
    proxy.close()

It reads one HTTP/1.1 request whole (Content-Length framing is all that agent and hub use), asks `choose` what is to
happen to it, and does that. Only posts of batches are put to `choose`; all else passes.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

BATCHES = b"POST /agent/v1/batches"


@dataclass(frozen=True)
class Fault:
    """What happens to one exchange.

    `cut_request` and `cut_answer`: the connection ends after that many bytes of it. `delay` in seconds, before the
    request goes on. `double`: the hub gets the request twice at once, over two connections.
    """

    name: str
    drop_answer: bool = False
    cut_request: int | None = None
    cut_answer: int | None = None
    delay: float = 0.0
    double: bool = False


PASS = Fault("pass")
DROP_ANSWER = Fault("drop answer", drop_answer=True)
DOUBLE = Fault("double", double=True)


@dataclass
class Exchange:
    """One post of batches on its way: its `number` from 1, and the request's bytes."""

    number: int
    request: bytes


@dataclass
class Held:
    """An answer that the hub gave and the proxy keeps back until `go` is set."""

    answer: bytes = b""
    arrived: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)


class FaultProxy:
    """Listens on a free port. `done` counts the faults that were injected; `away` refuses everybody."""

    def __init__(self, hub_port: int, choose: Callable[[Exchange], Fault] = lambda _: PASS) -> None:
        self.choose = choose
        self.done: Counter[str] = Counter()
        self.away = False
        self.hold: Held | None = None
        self._hub = ("127.0.0.1", hub_port)
        self._lock = threading.Lock()
        self._exchanges = 0
        self._open: set[socket.socket] = set()
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, name="fault proxy", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()
        self._thread.join(5)

    def cut_all(self) -> None:
        """End every connection there is."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def go_away(self) -> None:
        """Be unreachable, as a hub whose network is gone."""
        self.away = True
        self.cut_all()

    def come_back(self) -> None:
        self.away = False

    def hold_next_answer(self) -> Held:
        """Keep back the next answer to a post of batches; the hub has committed it by then."""
        self.hold = held = Held()
        return held

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self.away:
                connection.close()
                continue
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, agent: socket.socket) -> None:
        with self._tracked(agent), contextlib.suppress(OSError), self._connect() as hub:
            while (request := read_message(agent)) and self._exchange(agent, hub, request):
                pass

    def _connect(self) -> contextlib.AbstractContextManager[socket.socket]:
        return self._tracked(socket.create_connection(self._hub, timeout=30))

    @contextlib.contextmanager
    def _tracked(self, connection: socket.socket):  # type: ignore[no-untyped-def]
        with self._lock:
            self._open.add(connection)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield connection
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _exchange(self, agent: socket.socket, hub: socket.socket, request: bytes) -> bool:
        """Carry one request and its answer, or break them; false when the connection is over."""
        fault, held = PASS, None
        if request.startswith(BATCHES):
            with self._lock:
                self._exchanges += 1
                fault = self.choose(Exchange(self._exchanges, request))
                held, self.hold = self.hold, None
                if fault is not PASS:
                    self.done[fault.name] += 1
        if fault.delay:
            threading.Event().wait(fault.delay)
        if fault.cut_request is not None:
            hub.sendall(request[: fault.cut_request])
            return False
        answer = self._send_twice(hub, request) if fault.double else self._send(hub, request)
        if not answer:
            return False
        if held is not None:
            held.answer = answer
            held.arrived.set()
            held.go.wait(30)
            return False
        if fault.drop_answer:
            return False
        agent.sendall(answer if fault.cut_answer is None else answer[: fault.cut_answer])
        return fault.cut_answer is None

    def _send(self, hub: socket.socket, request: bytes) -> bytes:
        hub.sendall(request)
        return read_message(hub)

    def _send_twice(self, hub: socket.socket, request: bytes) -> bytes:
        with self._connect() as second:
            second.sendall(request)
            answer = self._send(hub, request)
            read_message(second)
        return answer


def read_message(connection: socket.socket) -> bytes:
    """One HTTP/1.1 message with Content-Length (or no body), b"" when the other side is done."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return b""
        data += part
    head, _, _ = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    total = len(head) + 4 + length
    while len(data) < total:
        part = connection.recv(65536)
        if not part:
            return b""
        data += part
    return data[:total]
