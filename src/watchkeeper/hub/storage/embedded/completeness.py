"""How much of a host's data arrived."""

from __future__ import annotations

import sqlite3

import numpy as np

from watchkeeper.hub.model.records import Floats

# Late reports closer together than this are one span.
SPAN_GAP = 300.0


def late_spans(times: Floats) -> list[tuple[float, float]]:
    """The stretches of time, in seconds since 1970, whose data came late; `times` rise."""
    if not len(times):
        return []
    breaks = np.flatnonzero(np.diff(times) > SPAN_GAP)
    firsts = times[np.concatenate([[0], breaks + 1])]
    lasts = times[np.concatenate([breaks, [len(times) - 1]])]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def host_counts(db: sqlite3.Connection, host: int) -> tuple[int, int]:
    """Duplicates dropped and records in quarantine."""
    (duplicates,) = db.execute("SELECT coalesce(sum(duplicates), 0) FROM streams WHERE host = ?", (host,)).fetchone()
    (quarantined,) = db.execute("SELECT count(*) FROM quarantine WHERE host = ?", (host,)).fetchone()
    return int(duplicates), int(quarantined)
