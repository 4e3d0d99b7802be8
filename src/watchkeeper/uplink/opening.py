"""Opens a spool's folder: the lock, the ledger, the lanes, and gaps for what is no longer there."""

from __future__ import annotations

import errno
import os

from watchkeeper.base.errors import ConflictError, FormatError, StorageError
from watchkeeper.base.log import Log
from watchkeeper.uplink import gaps, ledger, recovery
from watchkeeper.uplink.gaps import Loss
from watchkeeper.uplink.lane import Lane
from watchkeeper.uplink.ledger import Ledger
from watchkeeper.uplink.store import LEDGER_NAME, Store
from watchkeeper.uplink.stream import Stream
from watchkeeper.wire import records
from watchkeeper.wire.frames import LANES, URGENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from watchkeeper.base.files import Files

log = Log(__name__)

DAMAGED_NAME = "damaged"
# A disk in one of these states may recover; until then the spool works from memory.
_SICK = (errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO)


def lock(files: Files, root: str) -> int | None:
    """Make the folder and take it for this process; None on a disk that takes nothing now.

    Raises ConflictError when another process has it, StorageError when it can never work.
    """
    path = os.path.join(root, "lock")
    try:
        files.make_folder(root)
        for name in LANES.values():
            files.make_folder(os.path.join(root, name))
        fd = files.open(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        if error.errno not in _SICK:
            raise StorageError(
                f"the spool {root} cannot be used: {error.strerror}", "is the folder writable for this user?"
            ) from None
        log.warning("the spool %s cannot be written: %s; the newest batches are kept in memory", root, error.strerror)
        try:
            fd = files.open(path, os.O_RDONLY)
        except OSError:
            return None
    try:
        files.lock(fd)
    except (BlockingIOError, PermissionError):
        files.close(fd)
        raise ConflictError(
            f"the spool {root} is in use by another process", "only one agent may run with one data folder"
        ) from None
    except OSError as error:
        files.close(fd)
        raise StorageError(
            f"the spool {root} cannot be locked: {error.strerror}", "is it on a file system that knows locks?"
        ) from None
    return fd


def open_store(root: str, files: Files, now: Callable[[], float], quota: int, segment_bytes: int) -> Store:
    """Read what is in the folder, mend it, and declare what it should hold and does not."""
    damaged = os.path.join(root, DAMAGED_NAME)
    lanes = {number: Lane(number, root, files) for number in LANES}
    store = Store(root, files, now, _read_ledger(files, root, damaged), lanes, quota, segment_bytes)
    surveys: list[tuple[Lane, recovery.Survey]] = []
    lost: list[str] = []
    for lane in lanes.values():
        try:
            found, unknown = recovery.open_lane(files, lane, damaged, now())
        except OSError as error:
            store.note(error)
            continue
        surveys += [(lane, survey) for survey in found]
        lost += [f"{lane.name}/{name}" for name in unknown]
    torn = _count(store, [survey for _, survey in surveys])
    declare_missing(store, torn=torn)
    if lost:
        data = {"type": "spool.damaged", "time": now(), "data": {"files": lost[:100]}, "severity": "error"}
        store.seal(URGENT, [records.pack_json(records.EVENT, data)])
    if store.sync():
        for lane, survey in surveys:
            recovery.mend(files, lane, survey, damaged)
        store.save()
    return store


def _count(store: Store, surveys: list[recovery.Survey]) -> set[tuple[bytes, int]]:
    """Make every stream known, up to the last number that any file tells of; gives those of torn batches."""
    streams = store.ledger.streams
    for lane in store.lanes.values():
        for segment in lane.segments:
            created = segment.header.created
            stream = streams.setdefault(segment.stream, Stream(segment.stream, lane.number, created))
            stream.last = max(stream.last, segment.held.last)
            segment.done = not stream.unreceived(segment.held)
            segment.since = created
    torn: set[tuple[bytes, int]] = set()
    for survey in surveys:
        if survey.torn:
            segment = survey.segment
            stream = streams[segment.stream]
            number = (segment.held.last or segment.header.first - 1) + 1
            if number > stream.last:
                stream.last = number
                torn.add((stream.id, number))
    return torn


def declare_missing(
    store: Store, only: Stream | None = None, reason: str = gaps.DAMAGED, torn: set[tuple[bytes, int]] | None = None
) -> None:
    """Owe a gap for every number of `only`, or of all streams, that is neither held nor accounted for."""
    missing = _missing(store, only)
    if any(stream.lane == URGENT for stream, _, _ in missing):
        # The lost batches may be the very gaps that name others: name those again.
        for stream in store.ledger.streams.values():
            stream.gapped = type(stream.gapped)()
        missing = _missing(store, None)
    for stream, low, high in missing:
        was_torn = (stream.id, low) in (torn or ())
        known = (stream.began, stream.seen) if reason == gaps.HUB_RESTORED else (None, None)
        why = gaps.NOT_SEALED if was_torn else reason
        store.owe(Loss(stream.lane, stream.id, low, high, why, None, *known))
    if missing:
        store.declare()


def _missing(store: Store, only: Stream | None) -> list[tuple[Stream, int, int]]:
    streams = [only] if only else list(store.ledger.streams.values())
    return [
        (stream, low, high)
        for stream in streams
        for low, high in stream.unaccounted(store.lanes[stream.lane].held(stream.id))
    ]


def _read_ledger(files: Files, root: str, damaged: str) -> Ledger:
    path = os.path.join(root, LEDGER_NAME)
    try:
        fd = files.open(path, os.O_RDONLY)
        try:
            data = files.read(fd, files.size(fd), 0)
        finally:
            files.close(fd)
    except FileNotFoundError:
        return Ledger()
    except OSError as error:
        log.warning("%s cannot be read: %s; what the hub has is asked anew", path, error)
        return Ledger()
    try:
        return ledger.read(data)
    except FormatError as error:
        log.error("%s: %s; a copy is in %s, and what the hub has is asked anew", path, error.message, damaged)
    try:
        files.make_folder(damaged)
        files.rename(path, os.path.join(damaged, f"{LEDGER_NAME}-{os.urandom(4).hex()}"))
    except OSError as error:
        log.warning("%s cannot be moved aside now: %s", path, error)
    return Ledger()
