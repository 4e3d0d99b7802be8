"""A lane of the spool: a folder of segments in the order in which they were begun, and the one that grows."""

from __future__ import annotations

import os
from collections import deque

from watchkeeper.base.log import Log
from watchkeeper.uplink.scan import walk
from watchkeeper.uplink.segment import HEADER_BYTES, Header, Segment, pack_header
from watchkeeper.wire.frames import LANES
from watchkeeper.wire.ranges import Ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchkeeper.base.files import Files
    from watchkeeper.uplink.scan import Found
    from watchkeeper.uplink.stream import Stream

log = Log(__name__)


class Lane:
    """Segments of one lane. `live` is the stream that this opening of the spool numbers in.

    `loose` holds sealed batches (stream, seq, frame) that no file has taken yet, oldest first; they
    follow all that is in files.
    """

    def __init__(self, number: int, root: str, files: Files) -> None:
        self.number = number
        self.name = LANES[number]
        self.folder = os.path.join(root, self.name)
        self.segments: list[Segment] = []
        self.active: Segment | None = None
        self.live: Stream | None = None
        self.loose: deque[tuple[Stream, int, bytes]] = deque()
        self._files = files

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(segment.size for segment in self.segments)

    @property
    def loose_size(self) -> int:
        """Bytes of batches that wait in memory."""
        return sum(len(frame) for _, _, frame in self.loose)

    def write(self, stream: Stream, seq: int, frame: bytes, now: float, most: int) -> None:
        """Put a batch into the growing segment, or into a new one when that would exceed `most` bytes.

        Raises OSError; then no file has the batch.
        """
        active = self.active
        if active is not None and (
            active.stream != stream.id or (active.size > HEADER_BYTES and active.size + len(frame) > most)
        ):
            self.roll()
            active = None
        if active is None:
            ordinal = self.segments[-1].header.ordinal + 1 if self.segments else 1
            active = Segment.create(self._files, self.folder, Header(self.number, stream.id, seq, now, ordinal))
            self.segments.append(active)
            self.active = active
        active.append(self._files, seq, frame)

    def sync(self) -> None:
        """Make the growing segment durable. Raises OSError; then it must be retired."""
        if self.active is not None:
            self.active.sync(self._files)

    def roll(self) -> None:
        """Finish the growing segment. Raises OSError when it cannot be made durable."""
        if self.active is not None:
            self.active.sync(self._files)
            self.active.finish(self._files)
            self.active = None

    def retire(self, streams: dict[bytes, Stream]) -> None:
        """Give up the growing segment after a failure; its batches that are not safe wait in `loose`."""
        segment, self.active = self.active, None
        if segment is None:
            return
        frames = segment.retire(self._files)
        stream = streams[segment.stream]
        self.loose.extendleft((stream, seq, frame) for seq, frame in reversed(frames))
        if not segment.held:
            try:
                self.remove(segment)
            except OSError:
                segment.done = True  # cleaned up later, like one that the hub has

    def remove(self, segment: Segment) -> None:
        """Delete a segment. Raises OSError; then it is still there."""
        if segment is self.active:
            self.active = None
        segment.finish(self._files)
        try:
            self._files.unlink(segment.path)
        except FileNotFoundError:
            log.warning("%s was deleted by somebody else", segment.path)
        self.segments.remove(segment)

    def of(self, stream: bytes) -> list[Segment]:
        """The segments of one stream, in order."""
        return [segment for segment in self.segments if segment.stream == stream]

    def held(self, stream: bytes) -> Ranges:
        """All batches of a stream that a file or the memory has."""
        held = Ranges(pair for segment in self.of(stream) for pair in segment.held)
        for owner, seq, _ in self.loose:
            if owner.id == stream:
                held.add(seq, seq)
        return held

    def read(self, segment: Segment, start: int = HEADER_BYTES) -> Iterator[Found]:
        """What lies in the durable part of a segment from offset `start`. Raises OSError."""
        fd = self._files.open(segment.path, os.O_RDONLY)
        try:
            yield from walk(self._files, fd, start, segment.synced)
        finally:
            self._files.close(fd)

    def rewrite(self, segment: Segment, keep: Ranges) -> None:
        """Replace a finished segment by one with the batches `keep` only. Raises OSError; then it is as before."""
        temporary = os.path.join(self.folder, "." + segment.header.name + ".new")
        fd = self._files.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        held, size = Ranges(), HEADER_BYTES
        try:
            try:
                self._files.write(fd, pack_header(segment.header))
                for found in self.read(segment):
                    if found.frame is not None and found.raw is not None and found.frame.seq in keep:
                        self._files.write(fd, bytes(found.raw))
                        held.add(found.frame.seq, found.frame.seq)
                        size += found.length
                self._files.sync(fd)
            finally:
                self._files.close(fd)
            self._files.rename(temporary, segment.path)
        except OSError:
            self._discard(temporary)
            raise
        segment.held, segment.size, segment.synced = held, size, size
        segment.mark = (segment.header.first, HEADER_BYTES)
        self._files.sync_folder(self.folder)

    def _discard(self, path: str) -> None:
        try:
            self._files.unlink(path)
        except OSError:
            pass  # recovery removes what is left over
