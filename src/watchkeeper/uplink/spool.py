"""The spool: the durable log of batches that no hub has receipted yet.

    spool = Spool("/var/lib/watchkeeper/spool")
    stream, seq = spool.append(METRICS, [record])
    spool.sync()                       # now it survives a power cut, and may be sent
    post = spool.next_post()
    spool.accept(receipt)              # only a receipt lets a batch be deleted
    spool.close()
"""

from __future__ import annotations

from watchkeeper.base.clock import Clock
from watchkeeper.base.files import Files
from watchkeeper.wire.ranges import Ranges
from watchkeeper.wire.receipt import Receipt


class Outgoing:
    """One post: `body` is ready to travel; it holds batches `first` … `last` of `stream`, not necessarily all."""

    __slots__ = ("batches", "body", "first", "lane", "last", "stream")


class Spool:
    """Batches of three lanes in a folder that one process at a time may open.

    Every method may be called from any thread. A full, failing or read-only disk never raises out of `append` and
    `sync`: what cannot be kept is counted and becomes a gap.
    """

    def __init__(
        self,
        path: str,
        quota_bytes: int = 256 << 20,
        keep_seconds: float = 48 * 3600.0,
        clock: Clock | None = None,
        files: Files | None = None,
        segment_bytes: int = 8 << 20,
    ) -> None:
        """Open and recover. Raises ConflictError when another process has it open, StorageError when it cannot be made."""
        raise NotImplementedError

    def append(self, lane: int, records: list[bytes]) -> tuple[bytes, int]:
        """Seal `records` (packed, see wire.records) as one batch and give its (stream, seq). Not yet durable.

        Raises TooLargeError when they do not fit into one post.
        """
        raise NotImplementedError

    def sync(self) -> None:
        """Make everything that was appended durable."""
        raise NotImplementedError

    def next_post(self, max_bytes: int = 256 << 10) -> Outgoing | None:
        """The next batches to send, None when the hub has all that is durable."""
        raise NotImplementedError

    def accept(self, receipt: Receipt) -> None:
        """Take the hub's word for what it has."""
        raise NotImplementedError

    def note_custody(self, stream: bytes, ranges: Ranges) -> None:
        """Somebody else holds a synced copy of these batches: they are the first to be dropped for room."""
        raise NotImplementedError

    def stats(self) -> dict[str, object]:
        """`{"bytes": on disk, "batches": unreceipted, "oldest": wall seconds or None, "lost_batches", "lost_records",
        "in_memory": batches that could not be written yet, "trouble": words or "", "lanes": {"metrics": {"bytes",
        "batches", "oldest"}, …}}`."""
        raise NotImplementedError

    def close(self) -> None:
        """Sync, remember, release the lock."""
        raise NotImplementedError
