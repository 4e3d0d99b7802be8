"""A segment: one file of the spool, with sealed batches of one stream. Bytes: wire/FORMAT.md."""

from __future__ import annotations

import os
import struct
import zlib

from watchkeeper.base.errors import FormatError
from watchkeeper.wire.frames import LANES
from watchkeeper.wire.ranges import Ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.base.files import Files

MAGIC = b"WKSEG1\n\0"
_HEADER = struct.Struct("<8sB7x16sQdQ4x")
_CRC = struct.Struct("<I")
HEADER_BYTES = _HEADER.size + _CRC.size
SUFFIX = ".seg"


class Header:
    """The first 64 bytes. `created` is seconds of the wall clock, `ordinal` the place in the lane."""

    __slots__ = ("created", "first", "lane", "ordinal", "stream")

    def __init__(self, lane: int, stream: bytes, first: int, created: float, ordinal: int) -> None:
        self.lane = lane
        self.stream = stream
        self.first = first
        self.created = created
        self.ordinal = ordinal

    @property
    def name(self) -> str:
        """The file name: it repeats what the header says, so that neither is a single point of failure."""
        return f"{self.ordinal:012d}-{self.stream.hex()}{SUFFIX}"


def pack_header(header: Header) -> bytes:
    data = _HEADER.pack(MAGIC, header.lane, header.stream, header.first, header.created, header.ordinal)
    return data + _CRC.pack(zlib.crc32(data))


def read_header(data: bytes) -> Header:
    """The header at the start of `data`. Raises FormatError."""
    if len(data) < HEADER_BYTES:
        raise FormatError("a segment header is cut short")
    magic, lane, stream, first, created, ordinal = _HEADER.unpack_from(data)
    if magic != MAGIC or _CRC.unpack_from(data, _HEADER.size)[0] != zlib.crc32(data[: _HEADER.size]):
        raise FormatError("a segment header does not match its checksum")
    if lane not in LANES or first < 1:
        raise FormatError("a segment header names no lane or number that can be")
    return Header(lane, stream, first, created, ordinal)


def read_name(name: str) -> tuple[int, bytes]:
    """Ordinal and stream that a file name tells. Raises FormatError."""
    ordinal, _, stream = name[: -len(SUFFIX)].partition("-")
    try:
        if name.endswith(SUFFIX) and len(stream) == 32:
            return int(ordinal), bytes.fromhex(stream)
    except ValueError:
        pass
    raise FormatError(f"{name} is not the name of a segment")


class Segment:
    """What is known of one segment: which batches it holds, and how far it is durable.

    `held` are its readable batches; `size` and `synced` bytes; `unsynced` the frames behind
    `synced`, kept because after a failed fsync nobody can tell what the disk has. `mark` is
    (seq, offset): no batch of `seq` or later begins before `offset`. `done` says that the hub
    has all of it, `since` (wall-clock seconds) from when on. `fd` is open while the segment grows.
    `oldest` remembers the number and time of the first batch that waits, for the status.
    """

    __slots__ = (
        "done",
        "fd",
        "fresh",
        "header",
        "held",
        "mark",
        "oldest",
        "path",
        "since",
        "size",
        "synced",
        "unsynced",
    )

    def __init__(self, path: str, header: Header, held: Ranges | None = None, size: int = HEADER_BYTES) -> None:
        self.path = path
        self.header = header
        self.held = Ranges() if held is None else held
        self.size = size
        self.synced = size
        self.unsynced: list[tuple[int, bytes]] = []
        self.mark = (header.first, HEADER_BYTES)
        self.fd: int | None = None
        self.fresh = False
        self.done = False
        self.since = header.created
        self.oldest: tuple[int, float | None] | None = None

    @property
    def stream(self) -> bytes:
        return self.header.stream

    @property
    def durable(self) -> Ranges:
        """The batches that may be sent."""
        if not self.unsynced:
            return self.held
        first = self.unsynced[0][0]
        return Ranges((low, min(high, first - 1)) for low, high in self.held if low < first)

    def offset_before(self, seq: int) -> int:
        """Where to begin reading for batch `seq`."""
        return self.mark[1] if self.mark[0] <= seq else HEADER_BYTES

    @classmethod
    def create(cls, files: Files, folder: str, header: Header) -> Segment:
        """A new file with its header. Raises OSError, leaving nothing behind."""
        segment = cls(os.path.join(folder, header.name), header)
        fd = files.open(segment.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND)
        try:
            files.write(fd, pack_header(header))
        except OSError:
            _close_quietly(files, fd)
            files.unlink(segment.path)
            raise
        segment.fd = fd
        segment.fresh = True
        return segment

    def append(self, files: Files, seq: int, frame: bytes) -> None:
        """Add a sealed batch, not yet durable. Raises OSError; then the file is as before, or must be retired."""
        assert self.fd is not None
        try:
            files.write(self.fd, frame)
        except OSError:
            files.truncate(self.fd, self.size)
            raise
        self.size += len(frame)
        self.held.add(seq, seq)
        self.unsynced.append((seq, frame))
        self.done = False

    def sync(self, files: Files) -> None:
        """Make all of it durable. Raises OSError; then it must be retired."""
        if self.fd is None or not (self.unsynced or self.fresh):
            return
        files.sync(self.fd)
        if self.fresh:
            files.sync_folder(os.path.dirname(self.path))
            self.fresh = False
        self.synced = self.size
        self.unsynced.clear()

    def finish(self, files: Files) -> None:
        """Close the file for good; it is synced, and never grows again."""
        if self.fd is not None:
            _close_quietly(files, self.fd)
            self.fd = None

    def retire(self, files: Files) -> list[tuple[int, bytes]]:
        """Give up a file that failed, and hand back its batches that may not be on the disk."""
        frames, self.unsynced = self.unsynced, []
        if frames:
            self.held = Ranges((low, min(high, frames[0][0] - 1)) for low, high in self.held if low < frames[0][0])
        if self.fd is not None:
            try:
                files.truncate(self.fd, self.synced)
            except OSError:
                pass  # what is behind `synced` is found again at the next opening, as copies
        self.size = self.synced
        self.finish(files)
        return frames


def _close_quietly(files: Files, fd: int) -> None:
    try:
        files.close(fd)
    except OSError:
        pass  # the kernel has released the descriptor all the same
