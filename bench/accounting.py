"""What a process and its children took, from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """`pid` and all that descend from it, as far as they run."""
    found = [pid]
    for parent in found:
        try:
            for task in Path(f"/proc/{parent}/task").iterdir():
                found.extend(int(child) for child in (task / "children").read_text().split())
        except OSError:
            continue
    return found


def cpu_seconds(pid: int) -> float:
    """User and system seconds of `pid`, its children, and of those that have ended and were waited for."""
    return sum(map(_cpu_of_one, tree(pid)))


def _cpu_of_one(pid: int) -> float:
    try:
        # The command in brackets may hold spaces; what follows it does not. utime is field 14 of the line.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICK


@dataclass
class Memory:
    """Bytes. PSS counts a shared page by its share; private pages belong to this process alone."""

    rss: int = 0
    pss: int = 0
    private: int = 0


def memory(pid: int, children: bool = False) -> Memory:
    """Memory of `pid`, with its children where asked for."""
    total = Memory()
    for each in tree(pid) if children else [pid]:
        sizes = _rollup(each)
        total.rss += sizes.get("Rss", 0)
        total.pss += sizes.get("Pss", 0)
        total.private += sizes.get("Private_Clean", 0) + sizes.get("Private_Dirty", 0)
    return total


def _rollup(pid: int) -> dict[str, int]:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    return {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}


def disk_bytes(folder: Path) -> int:
    """Bytes that the files in `folder` take on disk (blocks, not lengths), a hard link counted once."""
    taken: dict[tuple[int, int], int] = {}
    for path in folder.rglob("*"):
        try:
            stat = path.lstat()
        except OSError:
            continue
        if path.is_file():
            taken[stat.st_dev, stat.st_ino] = stat.st_blocks * 512
    return sum(taken.values())
