"""Server-Sent Events: the fleet, or one host."""

from __future__ import annotations

from collections.abc import AsyncIterator

from litestar import get
from litestar.params import FromQuery
from litestar.response import Stream

from watchkeeper.hub.api.access import Here, Seen
from watchkeeper.hub.live.fanout import Reader
from watchkeeper.hub.live.hosts import LiveHost
from watchkeeper.hub.live.publish import Live

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@get("/live", summary="Server-Sent Events of the fleet, or of one host")
async def follow(services: Here, seen: Seen, host: FromQuery[str] = "") -> Stream:
    live = services.live
    one = seen.host(live.hosts, host) if host else None
    reader = live.read_host(one) if one else live.read_fleet(seen.sees)
    return Stream(_messages(live, reader, one), media_type="text/event-stream", headers=HEADERS)


async def _messages(live: Live, reader: Reader, one: LiveHost | None) -> AsyncIterator[bytes]:
    try:
        async for text in reader.messages():
            yield text
    finally:
        live.leave(reader, one)


ROUTES = [follow]
