"""`/agent/v1/*` as a bare ASGI application: this is the hot path, nothing stands in between."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from watchkeeper.base.errors import (
    FormatError,
    NotFoundError,
    StorageError,
    TooLargeError,
    TooManyError,
    UnauthenticatedError,
    UnavailableError,
    WatchkeeperError,
)
from watchkeeper.hub.identity.agents import AgentTokens
from watchkeeper.hub.ingest.decode import gunzip
from watchkeeper.hub.ingest.group_commit import GroupCommitter
from watchkeeper.hub.ingest.hints import Hints
from watchkeeper.hub.ingest.jobs import Job, Reply
from watchkeeper.hub.ingest.pace import Pace
from watchkeeper.hub.live.hosts import LiveHost
from watchkeeper.hub.live.publish import Live
from watchkeeper.wire.frames import MAX_POST_BYTES, read_post

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MOST_STREAMS_ASKED = 10_000
# Above this a body is decompressed in a thread, so that it delays nobody else.
SMALL = 32 << 10
_JSON = (b"content-type", b"application/json")
_streams = msgspec.json.Decoder(dict[str, list[str]]).decode


class Headers:
    """The few headers that matter here."""

    __slots__ = ("authorization", "encoding", "length", "sent_at")

    def __init__(self, scope: Scope) -> None:
        self.authorization = b""
        self.encoding = b""
        self.length = b""
        self.sent_at = b""
        for name, value in scope["headers"]:
            if name == b"authorization":
                self.authorization = value
            elif name == b"content-length":
                self.length = value
            elif name == b"content-encoding":
                self.encoding = value
            elif name == b"wk-sent-at":
                self.sent_at = value


class AgentEndpoint:
    """Takes posts of batches, hints and questions for receipts from agents."""

    def __init__(self, tokens: AgentTokens, live: Live, committer: GroupCommitter, hints: Hints) -> None:
        self._tokens = tokens
        self._live = live
        self._committer = committer
        self._hints = hints
        self._pace = Pace()
        self._loop = asyncio.get_running_loop()
        self._calls = {
            "/agent/v1/batches": self._batches,
            "/agent/v1/now": self._now,
            "/agent/v1/receipts": self._receipts,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            call = self._calls.get(scope["path"])
            if call is None or scope["method"] != "POST":
                raise NotFoundError(
                    f"there is no {scope['method']} {scope['path']}", "agents POST to /agent/v1/batches"
                )
            headers = Headers(scope)
            live = self._host(headers.authorization)
            now = time.time()
            self._pace.check(live.host.key, now)
            body = await read_body(receive, headers)
            self._heard(live, headers.sent_at, now)
            status, answer = await call(live, body, now)
        except WatchkeeperError as error:
            await _send(send, *refusal(error))
            return
        await _send(send, status, [_JSON, (b"content-length", b"%d" % len(answer))], answer)

    def take(self, authorization: bytes, sent_at: bytes, body: bytes, reply: Reply) -> None:
        """Take a whole post of batches; `reply` is called on the event loop. Raises WatchkeeperError."""
        now = time.time()
        live = self._host(authorization)
        self._pace.check(live.host.key, now)
        self._heard(live, sent_at, now)
        self._submit(live, body, now, reply)

    def _submit(self, live: LiveHost, body: bytes, now: float, reply: Reply) -> None:
        key = live.host.key
        self._committer.submit(Job(key, read_post(body), now, len(body), reply, self._live.watched(key)))

    def _host(self, authorization: bytes) -> LiveHost:
        """The host that the token speaks for. Raises UnauthenticatedError."""
        key = self._tokens.host(authorization)
        live = self._live.hosts.by_key.get(key) if key is not None else None
        if live is None:
            raise UnauthenticatedError("the agent's token is not known here", "make a new one in the hub")
        return live

    async def _batches(self, live: LiveHost, body: bytes, now: float) -> tuple[int, bytes]:
        answer = self._loop.create_future()
        self._submit(live, body, now, _into(answer))
        return 200, await answer

    async def _receipts(self, live: LiveHost, body: bytes, now: float) -> tuple[int, bytes]:
        try:
            asked = [bytes.fromhex(text) for text in _streams(body)["streams"]]
        except (msgspec.DecodeError, KeyError, ValueError) as error:
            raise FormatError(f"the question for receipts cannot be read: {error}") from None
        if len(asked) > MOST_STREAMS_ASKED:
            raise TooLargeError(f"{len(asked)} streams are too many", f"ask for {MOST_STREAMS_ASKED} at a time")
        key = live.host.key
        answer = self._loop.create_future()
        self._committer.submit(Job(key, None, now, len(body), _into(answer), self._live.watched(key), asked))
        return 200, await answer

    async def _now(self, live: LiveHost, body: bytes, now: float) -> tuple[int, bytes]:
        wanted = self._hints.take(live, body, now)
        watched = self._live.watched(live.host.key)
        if not wanted and not watched:
            return 204, b""
        return 200, json.dumps({"want_schemas": wanted, "watched": watched}).encode()

    def _heard(self, live: LiveHost, sent_at: bytes, now: float) -> None:
        """Note when the host was heard of, and how far its clock is off."""
        live.last_seen = now
        if sent_at:
            try:
                skew = float(sent_at) - now
            except ValueError:
                skew = math.nan
            if not math.isfinite(skew):
                raise FormatError("Wk-Sent-At is not a number of seconds")
            live.skew = round(skew, 3) + 0.0


async def read_body(receive: Receive, headers: Headers) -> bytes:
    """The body, decompressed. Over a limit it raises TooLargeError before it is read whole."""
    if headers.length and headers.length.isdigit() and int(headers.length) > MAX_POST_BYTES:
        raise TooLargeError(f"the body is over {MAX_POST_BYTES} bytes", "send fewer batches a post")
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts, size = [body], len(body)
        while message.get("more_body"):
            message = await receive()
            if message["type"] == "http.disconnect":
                raise FormatError("the sender went away before the body was whole")
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > MAX_POST_BYTES:
                raise TooLargeError(f"the body is over {MAX_POST_BYTES} bytes", "send fewer batches a post")
        body = b"".join(parts)
    if headers.encoding == b"gzip":
        return gunzip(body) if len(body) < SMALL else await asyncio.to_thread(gunzip, body)
    if headers.encoding not in (b"", b"identity"):
        raise FormatError(f"the encoding {headers.encoding.decode('latin-1')!r} is not known", "use gzip or none")
    return body


def _into(future: asyncio.Future[bytes]) -> Reply:
    """A reply that ends a wait; nobody may be waiting any more."""

    def reply(answer: bytes | WatchkeeperError) -> None:
        if future.done():
            return
        if isinstance(answer, bytes):
            future.set_result(answer)
        else:
            future.set_exception(answer)

    return reply


def refusal(error: WatchkeeperError) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body that tell an agent why."""
    body = json.dumps(
        {"title": error.message, "status": error.status, "hint": error.hint, "retryable": error.retryable}
    ).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body))]
    if isinstance(error, TooManyError):
        headers.append((b"retry-after", b"%d" % max(1, round(error.retry_after))))
    elif isinstance(error, StorageError | UnavailableError):
        headers.append((b"retry-after", b"5"))
    if isinstance(error, TooLargeError):
        # What is left of the body is not read: the connection cannot be used again.
        headers.append((b"connection", b"close"))
    return error.status, headers, body


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
