"""Batches as bytes: the frame that lies in a spool, travels in a post, and never changes.

FORMAT.md beside this file is the authority; the names here follow it.
"""

from __future__ import annotations

import struct
import zlib

from watchkeeper.base.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

URGENT, INVENTORY, METRICS = 1, 2, 3
LANES = {URGENT: "urgent", INVENTORY: "inventory", METRICS: "metrics"}
LANE_NUMBERS = {name: number for number, name in LANES.items()}

MAX_POST_BYTES = 1 << 20
MAX_DECODED_BYTES = 8 << 20
MAX_PAYLOAD_BYTES = 4 << 20
# What every JSON reader takes as a whole number.
MAX_SEQ = (1 << 53) - 1

POST_MAGIC = b"WKB1"
FRAME_MAGIC = b"WKf1"
POST_HEADER = struct.Struct("<4sB3x16sI")
FRAME_HEADER = struct.Struct("<4sIIIQ")
_CHECKED = struct.Struct("<IQ")


class Frame:
    """One sealed batch. `payload` holds `count` records (records.py); `crc` covers all of it."""

    __slots__ = ("count", "crc", "payload", "seq")

    def __init__(self, seq: int, count: int, payload: bytes | memoryview, crc: int) -> None:
        self.seq = seq
        self.count = count
        self.payload = payload
        self.crc = crc

    @property
    def size(self) -> int:
        """Bytes that this frame takes in a segment or post."""
        return FRAME_HEADER.size + len(self.payload)


def seal(seq: int, count: int, payload: bytes) -> bytes:
    """The bytes of batch `seq` with `count` records in `payload`."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise FormatError(f"a batch of {len(payload)} bytes is over the limit of {MAX_PAYLOAD_BYTES}")
    return FRAME_HEADER.pack(FRAME_MAGIC, len(payload), checksum(seq, count, payload), count, seq) + payload


def checksum(seq: int, count: int, payload: bytes | memoryview) -> int:
    """CRC-32 (zlib) over count, seq and payload as they lie in the frame."""
    return zlib.crc32(payload, zlib.crc32(_CHECKED.pack(count, seq)))


def read_frame(data: bytes | memoryview, offset: int = 0) -> Frame:
    """The frame at `offset`. Raises FormatError when it is cut short or damaged."""
    if len(data) - offset < FRAME_HEADER.size:
        raise FormatError("a frame header is cut short", offset=offset)
    magic, length, crc, count, seq = FRAME_HEADER.unpack_from(data, offset)
    if magic != FRAME_MAGIC:
        raise FormatError("no frame begins here", offset=offset)
    if length > MAX_PAYLOAD_BYTES:
        raise FormatError(f"a frame claims {length} bytes, over the limit of {MAX_PAYLOAD_BYTES}", offset=offset)
    start = offset + FRAME_HEADER.size
    if len(data) - start < length:
        raise FormatError("a frame is cut short", offset=offset)
    payload = data[start : start + length]
    if checksum(seq, count, payload) != crc:
        raise FormatError("a frame does not match its checksum", offset=offset)
    if not 1 <= seq <= MAX_SEQ:
        raise FormatError(f"there is no batch {seq}", offset=offset)
    return Frame(seq, count, payload, crc)


def post(lane: int, stream: bytes, frames: list[bytes]) -> bytes:
    """The body of POST /agent/v1/batches: a header and whole frames of one stream."""
    return b"".join([POST_HEADER.pack(POST_MAGIC, lane, stream, len(frames)), *frames])


class Post:
    """A decoded post: `frames` of one stream of one lane."""

    __slots__ = ("frames", "lane", "stream")

    def __init__(self, lane: int, stream: bytes, frames: list[Frame]) -> None:
        self.lane = lane
        self.stream = stream
        self.frames = frames


def read_post(data: bytes | memoryview) -> Post:
    """The post in `data`. Raises FormatError on the first byte that is not as FORMAT.md says."""
    if len(data) < POST_HEADER.size:
        raise FormatError("the post header is cut short")
    magic, lane, stream, count = POST_HEADER.unpack_from(data, 0)
    if magic != POST_MAGIC:
        raise FormatError("this is not a post of batches", "is the sender another version?")
    if lane not in LANES:
        raise FormatError(f"there is no lane {lane}", offset=4)
    frames = list(_frames(data, POST_HEADER.size))
    if len(frames) != count:
        raise FormatError(f"the post claims {count} batches and holds {len(frames)}")
    return Post(lane, bytes(stream), frames)


def _frames(data: bytes | memoryview, offset: int) -> Iterator[Frame]:
    last = 0
    while offset < len(data):
        frame = read_frame(data, offset)
        if frame.seq <= last:
            raise FormatError(f"batch {frame.seq} comes behind {last}", offset=offset)
        last = frame.seq
        yield frame
        offset += frame.size
