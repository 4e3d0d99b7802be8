"""Opening a spool: what its files hold is found by reading them, and nothing else is believed."""

from __future__ import annotations

import os

from watchkeeper.base.errors import FormatError
from watchkeeper.base.log import Log
from watchkeeper.uplink.scan import walk
from watchkeeper.uplink.segment import HEADER_BYTES, Header, Segment, read_header, read_name
from watchkeeper.wire.ranges import Ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.base.files import Files
    from watchkeeper.uplink.lane import Lane

log = Log(__name__)

_COPY_BYTES = 64 << 10


class Survey:
    """One file as it was found: its segment, and the stretches (offset, length) that nobody can read.

    `torn` says that the last stretch reaches the end of the file: a batch was being written there.
    """

    __slots__ = ("bad", "segment", "torn")

    def __init__(self, segment: Segment, bad: list[tuple[int, int]], torn: bool) -> None:
        self.segment = segment
        self.bad = bad
        self.torn = torn


def open_lane(files: Files, lane: Lane, damaged: str, now: float) -> tuple[list[Survey], list[str]]:
    """Read all segments of a lane into it.

    Gives what is damaged, to be mended once its gaps are declared, and the names of files that
    could not even be told apart; they were moved to the folder `damaged`. Raises OSError when the
    lane's folder cannot be read.
    """
    surveys: list[Survey] = []
    lost: list[str] = []
    for name in files.names(lane.folder):
        path = os.path.join(lane.folder, name)
        if name.endswith(".new"):
            _forget(files, path)
            continue
        try:
            found = survey(files, path, lane.number, now)
        except FormatError as error:
            log.error("%s: %s; moved to %s", path, error.message, damaged)
            lost.append(name)
            _move_aside(files, path, damaged, f"{lane.name}-{name}")
            continue
        except OSError as error:
            log.error("%s cannot be read: %s; it is left where it is", path, error)
            continue
        lane.segments.append(found.segment)
        if found.bad:
            surveys.append(found)
    lane.segments.sort(key=lambda segment: segment.header.ordinal)
    _forget_copies(lane)
    return surveys, lost


def survey(files: Files, path: str, lane: int, now: float) -> Survey:
    """Read one file through. Raises OSError, and FormatError when neither header nor name tell what it is."""
    fd = files.open(path, os.O_RDONLY)
    try:
        size = files.size(fd)
        header, bad = _header(files.read(fd, HEADER_BYTES, 0), path, lane, now)
        held, torn = Ranges(), False
        for found in walk(files, fd, min(HEADER_BYTES, size), size):
            torn = found.frame is None
            if found.frame is None:
                bad.append((found.offset, found.length))
            else:
                held.add(found.frame.seq, found.frame.seq)
    finally:
        files.close(fd)
    return Survey(Segment(path, header, held, size), bad, torn or size < HEADER_BYTES)


def _header(data: bytes, path: str, lane: int, now: float) -> tuple[Header, list[tuple[int, int]]]:
    try:
        header = read_header(data)
        if header.lane == lane:
            return header, []
    except FormatError:
        pass
    ordinal, stream = read_name(os.path.basename(path))
    return Header(lane, stream, 1, now, ordinal), [(0, len(data))] if data else []


def _forget_copies(lane: Lane) -> None:
    """A file that was given up after a failed fsync may hold batches that the next one holds as well."""
    reached: dict[bytes, int] = {}
    for segment in lane.segments:
        after = reached.get(segment.stream, 0)
        if segment.held and after:
            segment.held = Ranges((max(low, after + 1), high) for low, high in segment.held if high > after)
        reached[segment.stream] = max(after, segment.held.last)


def examine(files: Files, segment: Segment, lane: int, now: float) -> Survey | None:
    """Read again a segment that is not what it was; None when nothing of it can be read.

    Whatever the file says now, it does not hold more than it did.
    """
    try:
        found = survey(files, segment.path, lane, now)
    except (OSError, FormatError) as error:
        log.error("%s cannot be read: %s", segment.path, error)
        segment.held = Ranges()
        return None
    left = found.segment.held
    lost = Ranges(pair for low, high in segment.held for pair in left.missing(low, high))
    segment.held = Ranges(pair for low, high in segment.held for pair in lost.missing(low, high))
    segment.mark = (segment.header.first, HEADER_BYTES)
    segment.size = segment.synced = found.segment.size
    found.segment = segment
    return found


def set_aside(files: Files, lane: Lane, segment: Segment, damaged: str) -> None:
    """Move a whole file to the folder `damaged`."""
    lane.segments.remove(segment)
    _move_aside(files, segment.path, damaged, f"{lane.name}-{os.path.basename(segment.path)}")


def mend(files: Files, lane: Lane, found: Survey, damaged: str) -> None:
    """Copy what nobody can read to the folder `damaged`, then leave it out of the segment.

    Where the disk does not let us, the segment stays as it is: its readable batches are used all the same.
    """
    segment = found.segment
    try:
        _copy_aside(files, lane, found, damaged)
        if found.bad[0][0] and len(found.bad) == 1 and found.torn:
            _truncate(files, segment, found.bad[0][0])
        elif segment.held:
            lane.rewrite(segment, segment.held)
        else:
            lane.remove(segment)
    except OSError as error:
        log.warning("%s is damaged and cannot be mended now: %s", segment.path, error)


def _copy_aside(files: Files, lane: Lane, found: Survey, damaged: str) -> None:
    source = files.open(found.segment.path, os.O_RDONLY)
    try:
        files.make_folder(damaged)
        for start, length in found.bad:
            name = f"{lane.name}-{os.path.basename(found.segment.path)}-{start}"
            log.error("%s: %d bytes at %d are damaged; a copy is %s", found.segment.path, length, start, name)
            target = files.open(os.path.join(damaged, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            try:
                for offset in range(start, start + length, _COPY_BYTES):
                    files.write(target, files.read(source, min(_COPY_BYTES, start + length - offset), offset))
                files.sync(target)
            finally:
                files.close(target)
    finally:
        files.close(source)
    files.sync_folder(damaged)


def _truncate(files: Files, segment: Segment, length: int) -> None:
    fd = files.open(segment.path, os.O_WRONLY)
    try:
        files.truncate(fd, length)
        files.sync(fd)
    finally:
        files.close(fd)
    segment.size = segment.synced = length


def _move_aside(files: Files, path: str, damaged: str, name: str) -> None:
    try:
        files.make_folder(damaged)
        files.rename(path, os.path.join(damaged, name))
        files.sync_folder(damaged)
    except OSError as error:
        log.warning("%s cannot be moved aside now: %s", path, error)


def _forget(files: Files, path: str) -> None:
    try:
        files.unlink(path)
    except OSError as error:
        log.warning("%s is left over from an unfinished rewrite and cannot be deleted: %s", path, error)
