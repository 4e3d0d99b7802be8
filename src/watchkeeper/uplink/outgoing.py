"""Picks the batches of the next post: whole, of one stream, in the order in which they were sealed."""

from __future__ import annotations

import zlib

from watchkeeper.uplink.segment import Segment
from watchkeeper.wire import frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    from watchkeeper.uplink.lane import Lane
    from watchkeeper.uplink.stream import Stream


class UnreadableError(Exception):
    """A segment does not give what it held when it was written or recovered.

    `failed` is the error of the disk, None when the bytes came and are wrong.
    """

    def __init__(self, segment: Segment, failed: OSError | None = None) -> None:
        super().__init__(segment.path)
        self.segment = segment
        self.failed = failed


class Outgoing:
    """One post: `body` is ready to travel, with the `batches` from `first` to `last` that the hub lacks.

    `more` says that the lane has still more to send behind it.
    """

    __slots__ = ("_frames", "crc", "first", "lane", "last", "more", "size", "stream")

    def __init__(self, lane: int, stream: bytes) -> None:
        self.lane = lane
        self.stream = stream
        self.first = 0
        self.last = 0
        self.crc = 0
        self.more = False
        self.size = frames.POST_HEADER.size
        self._frames: list[bytes] = []

    @property
    def batches(self) -> int:
        return len(self._frames)

    @property
    def body(self) -> bytes:
        return frames.post(self.lane, self.stream, self._frames)

    def fits(self, length: int, most: int) -> bool:
        """Whether another frame may join; a lone one always may."""
        return not self._frames or self.size + length <= most

    def add(self, seq: int, crc: int, frame: bytes) -> None:
        self.first = self.first or seq
        self.last = seq
        self.crc = crc
        self.size += len(frame)
        self._frames.append(frame)


def pick(lane: Lane, streams: dict[bytes, Stream], most: int, skip: Container[bytes] = ()) -> Outgoing | None:
    """The oldest unsent batches of a lane, at most `most` bytes of them unless a single one is larger.

    Raises UnreadableError.
    """
    post: Outgoing | None = None
    for segment in lane.segments:
        if segment.done or segment.stream in skip or (post is not None and segment.stream != post.stream):
            if post is not None and not segment.done and segment.stream != post.stream:
                post.more = True
                return post
            continue
        stream = streams[segment.stream]
        wanted = stream.unsent(segment.durable)
        if not wanted:
            continue
        post = post or Outgoing(lane.number, stream.id)
        try:
            if not _fill(post, lane, segment, wanted, most):
                return post
        except OSError as error:
            raise UnreadableError(segment, error) from None
    return _fill_from_memory(post, lane, most, skip)


def _fill(post: Outgoing, lane: Lane, segment: Segment, wanted: list[tuple[int, int]], most: int) -> bool:
    """Add the batches `wanted` of a segment; false when the post is full."""
    first, last = wanted[0][0], wanted[-1][1]
    at, missing = 0, sum(high - low + 1 for low, high in wanted)
    for found in lane.read(segment, segment.offset_before(first)):
        if found.frame is None or found.raw is None:
            raise UnreadableError(segment)
        seq = found.frame.seq
        if seq < first:
            continue
        while at < len(wanted) and wanted[at][1] < seq:
            at += 1
        if at == len(wanted) or seq < wanted[at][0]:
            continue
        if not post.fits(found.length, most):
            post.more = True
            return False
        if seq == first:
            segment.mark = (seq, found.offset)
        post.add(seq, found.frame.crc, bytes(found.raw))
        missing -= 1
        if seq == last:
            break
    if missing:
        raise UnreadableError(segment)
    return True


def _fill_from_memory(post: Outgoing | None, lane: Lane, most: int, skip: Container[bytes]) -> Outgoing | None:
    """Batches that the disk would not take are sent from memory: that a disk fails is worth knowing."""
    for stream, seq, frame in lane.loose:
        if stream.id in skip or not stream.unsent([(seq, seq)]):
            continue
        post = post or Outgoing(lane.number, stream.id)
        if post.stream != stream.id or not post.fits(len(frame), most):
            post.more = True
            break
        post.add(seq, frames.read_frame(frame).crc, frame)
    return post


def crc_of(lane: Lane, stream: bytes, seq: int) -> int | None:
    """The checksum of a batch that is still held, None when it is not. Raises OSError."""
    for segment in lane.of(stream):
        if seq in segment.durable:
            for found in lane.read(segment, segment.offset_before(seq)):
                if found.frame is not None and found.frame.seq == seq:
                    return found.frame.crc
    for owner, number, frame in lane.loose:
        if (owner.id, number) == (stream, seq):
            return frames.read_frame(frame).crc
    return None


def fits_a_post(payload: bytes) -> bool:
    """Whether a batch with this payload can be sent at all, gzipped if it must be."""
    room = frames.MAX_POST_BYTES - 1024
    return len(payload) <= room or (len(payload) <= frames.MAX_PAYLOAD_BYTES and len(zlib.compress(payload, 1)) <= room)
