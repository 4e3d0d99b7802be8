"""The ledger: a small file that remembers the streams of a spool. Not authoritative.

Losing it costs duplicates, which the hub drops, and gaps that the hub finds to be none. It is one
line `WKLEDGER1 <CRC-32 of the rest, hexadecimal>` and then JSON: `{"incarnation", "lost_batches",
"lost_records", "streams": [{"id", "lane", "began", "seen", "last", "received", "gapped", "check"}]}`.
"""

from __future__ import annotations

import zlib

from watchkeeper.base import json
from watchkeeper.base.errors import FormatError
from watchkeeper.uplink.stream import Stream
from watchkeeper.wire.ranges import Ranges

_TITLE = b"WKLEDGER1 "
MOST_STREAMS = 512


class Ledger:
    """All streams by id, the hub's incarnation ("" before the first receipt), and what was lost in all."""

    def __init__(self) -> None:
        self.streams: dict[bytes, Stream] = {}
        self.incarnation = ""
        self.lost_batches = 0
        self.lost_records = 0

    def prune(self, held: set[bytes]) -> None:
        """Forget the oldest streams of which nothing is `held`, until MOST_STREAMS are left."""
        spare = len(self.streams) - MOST_STREAMS
        if spare > 0:
            idle = sorted((stream.seen, id) for id, stream in self.streams.items() if id not in held)
            for _, id in idle[:spare]:
                del self.streams[id]


def pack(ledger: Ledger) -> bytes:
    streams = [
        {
            "id": stream.id.hex(),
            "lane": stream.lane,
            "began": stream.began,
            "seen": stream.seen,
            "last": stream.last,
            "received": list(stream.received),
            "gapped": list(stream.gapped),
            "check": stream.check,
        }
        for stream in ledger.streams.values()
    ]
    value = {
        "incarnation": ledger.incarnation,
        "lost_batches": ledger.lost_batches,
        "lost_records": ledger.lost_records,
        "streams": streams,
    }
    data = json.dumps(value)
    return _TITLE + b"%08x\n" % zlib.crc32(data) + data


def read(data: bytes) -> Ledger:
    """The ledger in `data`. Raises FormatError."""
    title, _, rest = data.partition(b"\n")
    if title != _TITLE + b"%08x" % zlib.crc32(rest):
        raise FormatError("the ledger does not match its checksum")
    value = json.loads(rest)
    ledger = Ledger()
    ledger.incarnation = value["incarnation"]
    ledger.lost_batches = value["lost_batches"]
    ledger.lost_records = value["lost_records"]
    for entry in value["streams"]:
        stream = Stream(bytes.fromhex(entry["id"]), entry["lane"], entry["began"])
        stream.seen = entry["seen"]
        stream.last = entry["last"]
        stream.received = Ranges(entry["received"])
        stream.gapped = Ranges(entry["gapped"])
        stream.check = tuple(entry["check"]) if entry["check"] else None
        ledger.streams[stream.id] = stream
    return ledger
