"""Sizes and counts of a record store, for the hub's status page."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path


def sizes(db: sqlite3.Connection, path: Path) -> dict[str, float]:
    """Bytes of the files and of the main tables; `oldest` is the oldest data, seconds since 1970, 0 for none."""
    found: dict[str, float] = {"bytes": float(sum(_size(f"{path}{suffix}") for suffix in ("", "-wal", "-shm")))}
    for table, columns in (
        ("journal", "length(heads) + length(reports)"),
        ("chunks", "length(data)"),
        ("rollups", "length(data)"),
    ):
        (size,) = db.execute(f"SELECT coalesce(sum({columns}), 0) FROM {table}").fetchone()  # noqa: S608
        found[f"{table}_bytes"] = float(size)
    (oldest,) = db.execute(
        "SELECT min(start) FROM (SELECT min(start) AS start FROM chunks UNION ALL SELECT min(start) FROM rollups)"
    ).fetchone()
    found["oldest"] = float(oldest or 0)
    for name in ("events", "gaps", "quarantine", "names"):
        (count,) = db.execute(f"SELECT count(*) FROM {name}").fetchone()  # noqa: S608
        found["series" if name == "names" else name] = float(count)
    return found


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0
