"""What goes to the committer's thread and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from watchkeeper.base.errors import WatchkeeperError
from watchkeeper.hub.ingest.accept import Verdict
from watchkeeper.hub.model.records import Batch
from watchkeeper.wire.frames import Post

# Called on the event loop with the receipt, or with why there is none.
Reply = Callable[[bytes | WatchkeeperError], None]


class Job:
    """A post that waits for its receipt or, when `post` is None, a question for the states of `streams`.

    `size` is in bytes; `verdict` is filled in when the post was accepted.
    """

    __slots__ = ("host", "post", "received", "reply", "size", "streams", "verdict", "watched")

    def __init__(
        self,
        host: int,
        post: Post | None,
        received: float,
        size: int,
        reply: Reply,
        watched: bool,
        streams: Sequence[bytes] = (),
    ) -> None:
        self.host = host
        self.post = post
        self.received = received
        self.size = size
        self.reply = reply
        self.watched = watched
        self.streams = streams
        self.verdict: Verdict | None = None


class Committed(msgspec.Struct):
    """What one group brought: verdicts of posts, and events of the hub's own."""

    verdicts: list[Verdict]
    events: list[Batch]
