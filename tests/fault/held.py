"""What a spool's files still hold, read as FORMAT.md says and with none of the spool's own code."""

from __future__ import annotations

from pathlib import Path

from watchkeeper.base.errors import FormatError
from watchkeeper.wire.frames import FRAME_MAGIC, read_frame

HEADER_BYTES = 64


def read_held(spool: Path) -> set[tuple[bytes, int]]:
    """(stream, seq) of every whole batch in the segments under `spool`, receipted or not."""
    held: set[tuple[bytes, int]] = set()
    for path in spool.rglob("*.seg"):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            continue
        stream = data[16:32]
        held.update((stream, seq) for seq, _, _ in frames(data))
    return held


def frames(data: bytes) -> list[tuple[int, int, int]]:
    """(seq, offset, length) of every whole batch in a segment's bytes."""
    found = []
    offset = HEADER_BYTES
    while offset < len(data):
        try:
            frame = read_frame(data, offset)
        except FormatError:
            offset = data.find(FRAME_MAGIC, offset + 1)
            if offset < 0:
                break
            continue
        found.append((frame.seq, offset, frame.size))
        offset += frame.size
    return found
