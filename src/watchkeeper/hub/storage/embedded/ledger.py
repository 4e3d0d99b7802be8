"""The ledger: which reports are stored, by the names that their batches gave them."""

from __future__ import annotations

import sqlite3

import msgspec

from watchkeeper.hub.storage.embedded.block import Block


class LedgerRow(msgspec.Struct, frozen=True):
    """A stored report: number `index` of batch `seq` of `stream`, taken at `time` by the host's clock."""

    stream: bytes
    seq: int
    index: int
    time: float


def read_ledger(db: sqlite3.Connection, block: Block) -> list[LedgerRow]:
    """The rows of `block`, whose origins were read."""
    streams = dict(db.execute("SELECT id, stream FROM streams").fetchall())
    rows = zip(block.origins.tolist(), block.times.tolist(), strict=True)
    return [LedgerRow(streams[stream], seq, index, time) for (stream, index, seq, _, _), time in rows]
