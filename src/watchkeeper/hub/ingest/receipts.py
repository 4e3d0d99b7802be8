"""Receipts as bytes: small, and on the hot path, so they are put together by hand."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from watchkeeper.hub.model.records import StreamState
from watchkeeper.wire.ranges import Ranges

if TYPE_CHECKING:
    from watchkeeper.hub.ingest.accept import Streams
    from watchkeeper.hub.ingest.jobs import Job


def receipt(incarnation: str, job: Job, wanted: list[int]) -> bytes:
    """The JSON that answers a committed post."""
    assert job.post is not None
    assert job.verdict is not None
    return _json(job.post.stream, job.verdict.state, incarnation, job.verdict.quarantined, wanted, job.watched)


def receipts(incarnation: str, job: Job, streams: Streams) -> bytes:
    """The JSON that answers POST /agent/v1/receipts; a stream of another host is left out."""
    found = []
    for stream in job.streams:
        state = streams.get(stream)
        if state is None or state.host == job.host:
            known = state or StreamState(job.host, 0, Ranges())
            found.append(_json(stream, known, incarnation, [], [], job.watched))
    return b'{"incarnation":"%s","receipts":[%s]}' % (incarnation.encode(), b",".join(found))


def _json(
    stream: bytes, state: StreamState, incarnation: str, quarantined: list[int], wanted: list[int], watched: bool
) -> bytes:
    check = "null" if state.check is None else state.check
    ranges = ",".join([f"[{first},{last}]" for first, last in state.ranges])
    return (
        f'{{"stream":"{stream.hex()}","through":{state.ranges.through},"ranges":[{ranges}],'
        f'"incarnation":"{incarnation}","check":{check},"quarantined":{quarantined},"want_schemas":{wanted},'
        f'"watched":{"true" if watched else "false"},"time":{time.time():.3f}}}'
    ).encode()
