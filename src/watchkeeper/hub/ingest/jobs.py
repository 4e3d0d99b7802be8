"""What goes to the committer's thread and what comes back."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Sequence

import msgspec

from watchkeeper.hub.ingest.accept import Verdict
from watchkeeper.hub.model.records import Batch
from watchkeeper.wire.frames import Post


class Job:
    """A post that waits for its receipt or, when `post` is None, a question for the states of `streams`.

    `size` is in bytes; `verdict` is filled in when the post was accepted.
    """

    __slots__ = ("future", "host", "post", "received", "size", "streams", "verdict", "watched")

    def __init__(
        self,
        host: int,
        post: Post | None,
        received: float,
        size: int,
        future: Future[bytes],
        watched: bool,
        streams: Sequence[bytes] = (),
    ) -> None:
        self.host = host
        self.post = post
        self.received = received
        self.size = size
        self.future = future
        self.watched = watched
        self.streams = streams
        self.verdict: Verdict | None = None


class Committed(msgspec.Struct):
    """What one group brought: verdicts of posts, and events of the hub's own."""

    verdicts: list[Verdict]
    events: list[Batch]
