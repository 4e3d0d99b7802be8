"""An HTTP load generator that gets out of the way: requests are bytes made beforehand, connections are kept.

One process, one thread, uvloop; a request costs it about 25 µs, so that on two cores it does not starve the
server that it loads.
"""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import uvloop


@dataclass
class Outcome:
    """What a load run saw: seconds on the wall, answers by status, seconds from request to answer."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    first_error: bytes = b""

    @property
    def failed(self) -> int:
        return sum(count for status, count in self.statuses.items() if not 200 <= status < 300)


def request(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """The bytes of one POST."""
    lines = [f"POST {path} HTTP/1.1", "Host: bench", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def saturate(address: tuple[str, int], queues: Sequence[Iterable[bytes]]) -> Outcome:
    """Send each queue over a connection of its own, the next request as soon as the answer to the last is there."""
    return uvloop.run(_saturate(address, queues))


def pace(address: tuple[str, int], queues: Sequence[Sequence[bytes]], interval: float) -> Outcome:
    """Send each queue over a connection of its own, a request each `interval` seconds; starts are spread evenly."""
    return uvloop.run(_pace(address, queues, interval))


async def _saturate(address: tuple[str, int], queues: Sequence[Iterable[bytes]]) -> Outcome:
    outcome = Outcome()
    links = await _connect(address, outcome, len(queues))
    begin = time.perf_counter()
    await asyncio.gather(*(link.drain(iter(queue)) for link, queue in zip(links, queues, strict=True)))
    outcome.seconds = time.perf_counter() - begin
    for link in links:
        link.close()
    return outcome


async def _pace(address: tuple[str, int], queues: Sequence[Sequence[bytes]], interval: float) -> Outcome:
    outcome = Outcome()
    links = await _connect(address, outcome, len(queues))
    loop = asyncio.get_running_loop()
    begin = loop.time() + 0.1
    done = []
    for at, (link, queue) in enumerate(zip(links, queues, strict=True)):
        first = begin + interval * at / len(queues)
        done.append(link.pace(loop, queue, first, interval))
    await asyncio.gather(*done)
    outcome.seconds = loop.time() - begin
    for link in links:
        link.close()
    return outcome


async def _connect(address: tuple[str, int], outcome: Outcome, count: int) -> list[_Link]:
    loop = asyncio.get_running_loop()
    return [(await loop.create_connection(lambda: _Link(outcome), *address))[1] for _ in range(count)]


class _Link(asyncio.Protocol):
    """One kept connection with at most one request under way."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._buffer = b""
        self._sent = 0.0
        self._queue: Iterator[bytes] = iter(())
        self._waiting: list[bytes] = []
        self._left = 0
        self._paced = False
        self._done: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._done and not self._done.done():
            self._done.set_exception(exc or ConnectionResetError("the server closed the connection"))

    def close(self) -> None:
        self._transport.close()

    def drain(self, queue: Iterator[bytes]) -> asyncio.Future[None]:
        self._done = asyncio.get_running_loop().create_future()
        self._queue = queue
        self._send_next()
        return self._done

    def pace(
        self, loop: asyncio.AbstractEventLoop, queue: Sequence[bytes], first: float, interval: float
    ) -> asyncio.Future[None]:
        self._done = loop.create_future()
        self._paced = True
        self._left = len(queue)
        for at, each in enumerate(queue):
            loop.call_at(first + at * interval, self._due, each)
        return self._done

    def _due(self, each: bytes) -> None:
        self._waiting.append(each)
        if len(self._waiting) == 1:
            self._send(each)

    def _send(self, each: bytes) -> None:
        self._sent = time.perf_counter()
        self._transport.write(each)

    def _send_next(self) -> None:
        each = next(self._queue, None)
        if each is None:
            assert self._done
            self._done.set_result(None)
        else:
            self._send(each)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        status, length = _answer(self._buffer)
        if not length:
            return
        outcome = self._outcome
        outcome.waits.append(time.perf_counter() - self._sent)
        outcome.statuses[status] = outcome.statuses.get(status, 0) + 1
        if status >= 300 and not outcome.first_error:
            outcome.first_error = self._buffer[:600]
        self._buffer = self._buffer[length:]
        if self._paced:
            self._after_paced()
        else:
            self._send_next()

    def _after_paced(self) -> None:
        self._waiting.pop(0)
        self._left -= 1
        if self._waiting:
            self._send(self._waiting[0])
        elif not self._left:
            assert self._done
            self._done.set_result(None)


def _answer(data: bytes) -> tuple[int, int]:
    """Status and length of the answer at the start of `data`; length 0 while it is not all there."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return 0, 0
    status = int(data[9:12])
    head = data[:end].lower()
    at = head.find(b"content-length:")
    body = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
    if at < 0 and b"chunked" in head:
        raise ValueError("a chunked answer to a write is not expected")
    length = end + 4 + body
    return status, length if len(data) >= length else 0


class Reader:
    """One kept connection for calls one after the other; `get` gives status, body and seconds."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)
        self._headers = dict(headers or {})

    def get(self, path: str) -> tuple[int, bytes, float]:
        begin = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        return answer.status, body, time.perf_counter() - begin

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer to a POST of JSON."""
        self._connection.request("POST", path, body, {**self._headers, "Content-Type": "application/json"})
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def timed(self, path: str, times: int) -> list[float]:
        """Seconds of each of `times` calls after one that is not counted; raises when one fails."""
        waits = []
        for at in range(times + 1):
            status, body, seconds = self.get(path)
            if status != 200:
                raise RuntimeError(f"GET {path} answered {status}: {body[:300]!r}")
            if at:
                waits.append(seconds)
        return waits

    def close(self) -> None:
        self._connection.close()
