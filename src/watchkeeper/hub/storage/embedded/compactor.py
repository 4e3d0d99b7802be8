"""The compactor: a child process that turns journal rows into chunks and rollups.

It only reads. Whatever it computes goes to the hub as slices on standard output; killed at any time,
it leaves nothing half done. Run as `python -m watchkeeper.hub.storage.embedded.compactor`, the job on
standard input.
"""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from watchkeeper.hub.storage.embedded.connection import open_reader
from watchkeeper.hub.storage.embedded.hosthours import HostHours, compact_host
from watchkeeper.hub.storage.embedded.journal import HEAD, Heads
from watchkeeper.hub.storage.embedded.latecomers import added
from watchkeeper.hub.storage.embedded.merging import merge_slices
from watchkeeper.hub.storage.embedded.names import Names
from watchkeeper.hub.storage.embedded.rollups import RollupRow, rollup_rows, shard_of
from watchkeeper.hub.storage.embedded.slices import SLICE_BYTES, Done, Flush, Job, Slice, read_job, write_message

# Raw reports of this many bytes are held at once; more journal is read in several passes. A single host with
# more than HOST_BYTES is compacted part of the way, and the hub starts another job.
PASS_BYTES = 32 << 20
HOST_BYTES = 8 << 20
NOBODY = 0xFFFF_FFFF


def run(job: Job, answers: BinaryIO, out: BinaryIO) -> None:
    """Do `job`, writing slices to `out`; the hub's bytes come from `answers`."""
    db = open_reader(Path(job.path))
    names = Names()
    names.load(db)
    reports = 0
    passes, limits = _passes(db, job.row)
    for group in passes:
        gathered = _gather(db, job.row, group, limits)
        for shard in sorted({shard_of(host)[0] for host in group}):
            results: list[HostHours] = []
            for host in [host for host in group if shard_of(host)[0] == shard]:
                heads, payloads = gathered.pop(host)
                reports += len(payloads)
                results.append(compact_host(db, names, host, heads, payloads, job.now))
                if sum(len(chunk.data) for one in results for chunk in one.chunks) > SLICE_BYTES:
                    write_message(out, _slice(results, _rollups(db, results), job.row, limits))
                    results = []
            if results:
                write_message(out, _slice(results, _rollups(db, results), job.row, limits))
    if not limits:
        write_message(out, Flush())
        if not answers.read(1):
            raise BrokenPipeError
        for merged in merge_slices(db, job.now):
            write_message(out, merged)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    write_message(out, Done(not limits, reports, peak_kib(), usage.ru_utime + usage.ru_stime))


def peak_kib() -> int:
    """The most memory that this process ever held; 0 where the system does not tell.

    getrusage would also count what the hub held when it started this process.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")), 0)


def _rollups(db: sqlite3.Connection, results: Sequence[HostHours]) -> list[RollupRow]:
    """Rollups of the hours of hosts of one shard, metric by metric."""
    hours: dict[int, list[HostHours]] = {}
    rows: list[RollupRow] = []
    for one in results:
        for start in one.hours:
            hours.setdefault(start, []).append(one)
        for start, block in one.additions.items():
            rows += added(db, rollup_rows([(one.host, block)], start, one.arrived))
    for start, members in hours.items():
        arrived = max(one.arrived for one in members)
        rows += rollup_rows([(one.host, one.hours[start]) for one in members], start, arrived)
    return rows


def _slice(results: Sequence[HostHours], rollups: list[RollupRow], through: int, limits: Mapping[int, int]) -> Slice:
    """What was made of some hosts of one shard."""
    return Slice(
        chunks=[chunk for one in results for chunk in one.chunks],
        rollups=rollups,
        waifs=[waif for one in results for waif in one.waifs],
        newest=[one.newest for one in results],
        watermarks=[(one.host, limits.get(one.host, through)) for one in results],
    )


def _marks(db: sqlite3.Connection) -> tuple[int, dict[int, int]]:
    (compacted,) = db.execute("SELECT value FROM meta WHERE name = 'compacted'").fetchone()
    return int(compacted), dict(db.execute("SELECT host, journal FROM watermarks").fetchall())


def _rows(db: sqlite3.Connection, through: int, columns: str) -> Iterator[tuple[int, Heads, object]]:
    compacted, marks = _marks(db)
    query = f"SELECT id, {columns} FROM journal WHERE id > ? AND id <= ? ORDER BY id"  # noqa: S608
    largest = max(marks, default=0)
    table = np.zeros(largest + 2, np.int64)
    table[list(marks)] = list(marks.values())
    for row, head_bytes, reports in db.execute(query, (compacted, through)):
        heads = np.frombuffer(head_bytes, HEAD)
        above = table[np.minimum(heads["host"], largest + 1)] < row
        yield row, heads if bool(above.all()) else _masked(heads, above), reports


def _masked(heads: Heads, above: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Heads:
    """Heads in which reports at or below their watermark belong to no host."""
    heads = heads.copy()
    heads["host"][~above] = NOBODY
    return heads


def _passes(db: sqlite3.Connection, through: int) -> tuple[list[list[int]], dict[int, int]]:
    """The hosts with something above their watermark, in groups whose reports fit into memory.

    Also the row up to which a host can be done when its own reports do not fit.
    """
    sizes: dict[int, int] = {}
    limits: dict[int, int] = {}
    for row, heads, _ in _rows(db, through, "heads, NULL"):
        for host, length in zip(heads["host"].tolist(), heads["length"].tolist(), strict=True):
            if host == NOBODY or host in limits:
                continue
            sizes[host] = sizes.get(host, 0) + length
            if sizes[host] > HOST_BYTES:
                limits[host] = row
    groups: list[list[int]] = []
    filled = PASS_BYTES
    for host in sorted(sizes):
        if filled + sizes[host] > PASS_BYTES:
            groups.append([])
            filled = 0
        groups[-1].append(host)
        filled += sizes[host]
    return groups, limits


def _gather(
    db: sqlite3.Connection, through: int, group: Sequence[int], limits: Mapping[int, int]
) -> dict[int, tuple[Heads, list[bytes]]]:
    """Heads and payloads of the reports of the hosts in `group`, in order of arrival."""
    found: dict[int, tuple[list[bytes], list[bytes]]] = {host: ([], []) for host in group}
    for row, heads, reports in _rows(db, through, "heads, reports"):
        assert isinstance(reports, bytes)
        data = heads.tobytes()
        ends = np.cumsum(heads["length"], dtype=np.int64).tolist()
        start = 0
        for at, (host, end) in enumerate(zip(heads["host"].tolist(), ends, strict=True)):
            mine = found.get(host)
            if mine is not None and row <= limits.get(host, through):
                mine[0].append(data[at * HEAD.itemsize : (at + 1) * HEAD.itemsize])
                mine[1].append(reports[start:end])
            start = end
    return {host: (np.frombuffer(b"".join(heads), HEAD), payloads) for host, (heads, payloads) in found.items()}


def main() -> None:
    """Read a job, do it, and stop early when the hub goes away."""
    os.nice(10)
    # Ctrl-C in a terminal reaches this process too; the hub ends it when it stops.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    job = read_job(sys.stdin.buffer.read)
    try:
        run(job, sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        os._exit(1)


if __name__ == "__main__":
    main()
