"""Bounded queues between what happens and who looks: a slow reader skips, and is told so."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

encode = msgspec.json.Encoder().encode
MOST_WAITING = 256
MOST_BYTES = 1 << 20


def message(event: str, data: object) -> bytes:
    """One Server-Sent Event."""
    return b"event: %s\ndata: %s\n\n" % (event.encode(), encode(data))


class Reader:
    """One open page. `put` never waits; `messages` gives what there is, in order."""

    def __init__(self, most: int = MOST_WAITING, most_bytes: int = MOST_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._skipped = 0
        self._wake = asyncio.Event()
        self._closed = False

    def put(self, text: bytes) -> None:
        """Queue a message; when the queue is full, all that waits is dropped and counted."""
        if len(self._waiting) >= self._most or (self._waiting and self._bytes + len(text) > self._most_bytes):
            self._skipped += len(self._waiting)
            self._waiting.clear()
            self._bytes = 0
        self._waiting.append(text)
        self._bytes += len(text)
        self._wake.set()

    def close(self) -> None:
        self._closed = True
        self._wake.set()

    def _take(self) -> bytes:
        """All that waits, as one piece of text."""
        told = [message("skipped", {"count": self._skipped})] if self._skipped else []
        text = b"".join([*told, *self._waiting])
        self._waiting.clear()
        self._bytes = 0
        self._skipped = 0
        return text

    async def messages(self) -> AsyncIterator[bytes]:
        """Text to send, until the reader is closed."""
        while not self._closed:
            await self._wake.wait()
            self._wake.clear()
            text = self._take()
            if text:
                yield text


class FleetReader(Reader):
    """A page that shows many hosts: it keeps only which hosts changed, so what waits is bounded by their number."""

    def __init__(self, render: FleetRender) -> None:
        super().__init__()
        self._render = render
        self.changed: set[int] = set()

    def mark(self, keys: set[int]) -> None:
        self.changed |= keys
        self._wake.set()

    def _take(self) -> bytes:
        text = super()._take()
        if self.changed:
            changed, self.changed = self.changed, set()
            text += self._render(changed)
        return text


class FleetRender(Protocol):
    """Makes the `hosts` event for a set of changed hosts, of those that this reader may see."""

    def __call__(self, changed: set[int]) -> bytes: ...
