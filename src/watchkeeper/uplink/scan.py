"""Reads sealed batches out of a file, past whatever damage lies between them."""

from __future__ import annotations

from watchkeeper.base.errors import FormatError
from watchkeeper.wire.frames import FRAME_HEADER, FRAME_MAGIC, MAX_PAYLOAD_BYTES, read_frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchkeeper.base.files import Files
    from watchkeeper.wire.frames import Frame

_WINDOW_BYTES = 64 << 10


class Window:
    """A file read in pieces of 64 KiB, so that an 8 MiB segment never lies in memory whole."""

    def __init__(self, files: Files, fd: int, end: int) -> None:
        self._files = files
        self._fd = fd
        self.end = end
        self._start = 0
        self._data = b""

    def at(self, offset: int, length: int) -> memoryview:
        """`length` bytes from `offset`, fewer only where the file ends."""
        length = min(length, self.end - offset)
        inside = offset - self._start
        if inside < 0 or inside + length > len(self._data):
            wanted = min(max(length, _WINDOW_BYTES), self.end - offset)
            self._data = self._files.read(self._fd, wanted, offset)
            self._start, inside = offset, 0
        return memoryview(self._data)[inside : inside + length]

    def find_magic(self, offset: int) -> int:
        """Where the next frame may begin, `end` when nowhere."""
        while offset < self.end:
            data = bytes(self.at(offset, _WINDOW_BYTES))
            found = data.find(FRAME_MAGIC)
            if found >= 0:
                return offset + found
            offset += max(1, len(data) - len(FRAME_MAGIC) + 1)
        return self.end


class Found:
    """What lies at `offset`: a sealed batch as `raw` bytes, or `length` bytes that nobody can read."""

    __slots__ = ("frame", "length", "offset", "raw")

    def __init__(self, offset: int, length: int, frame: Frame | None = None, raw: memoryview | None = None) -> None:
        self.offset = offset
        self.length = length
        self.frame = frame
        self.raw = raw


def walk(files: Files, fd: int, start: int, end: int) -> Iterator[Found]:
    """All that lies in [start, end) of a segment, in order. Raises OSError.

    A stretch that cannot be read ends where the next whole frame with a right checksum and a
    higher number begins. `raw` and the frame's payload hold until the next step.
    """
    window = Window(files, fd, end)
    last, offset = 0, start
    while offset < end:
        found = _frame_at(window, offset, last)
        if found is None:
            found = _resume(window, offset, last)
        if found.frame is not None:
            last = found.frame.seq
        offset = found.offset + found.length
        yield found


def _frame_at(window: Window, offset: int, last: int) -> Found | None:
    head = window.at(offset, FRAME_HEADER.size)
    if len(head) < FRAME_HEADER.size or head[:4] != FRAME_MAGIC:
        return None
    length = FRAME_HEADER.unpack(head)[1]
    if length > MAX_PAYLOAD_BYTES:
        return None
    raw = window.at(offset, FRAME_HEADER.size + length)
    try:
        frame = read_frame(raw)
    except FormatError:
        return None
    return Found(offset, frame.size, frame, raw) if frame.seq > last else None


def _resume(window: Window, offset: int, last: int) -> Found:
    """The unreadable stretch at `offset`."""
    candidate = offset
    while candidate < window.end:
        candidate = window.find_magic(candidate + 1)
        if candidate < window.end and _frame_at(window, candidate, last) is not None:
            break
    return Found(offset, candidate - offset)
