"""Feeds a record store the way ingest does: batches numbered in a stream, ranges beside them."""

from __future__ import annotations

from collections.abc import Sequence

from watchkeeper.hub.model.records import Batch, StoredGap, StreamState
from watchkeeper.hub.storage.interfaces import RecordStore
from watchkeeper.wire.ranges import Ranges
from watchkeeper.wire.records import EVENT, RECORD_HEADER, REPORT, SCHEMA, SNAPSHOT, pack_json, pack_report, pack_schema

NOW = 1_760_000_400.0  # 2025-10-09 09:00:00 UTC
SERIES = [
    ("load.1", "gauge", ""),
    ("net.bytes{interface=eth0}", "counter", "B"),
    ("disk.percent{mount=/}", "gauge", "%"),
]
SCHEMA_NUMBER, SCHEMA_PAYLOAD = pack_schema(SERIES)


def report(time: float, values: Sequence[float], schema: int = SCHEMA_NUMBER, boot: int = 7) -> bytes:
    """The payload of one report."""
    return pack_report(time, time - 1000, schema, boot, values)[RECORD_HEADER.size :]


class Feed:
    """One stream of one host."""

    def __init__(self, store: RecordStore, host: int = 1, lane: int = 3) -> None:
        self.store = store
        self.host = host
        self.lane = lane
        self.stream = host.to_bytes(8, "big") + lane.to_bytes(8, "big")
        known = store.stream(self.stream)
        self.ranges = known.ranges if known else Ranges()

    def batch(
        self,
        reports: Sequence[bytes] = (),
        others: Sequence[tuple[int, bytes]] = (),
        received: float = NOW,
        quarantine: bytes | None = None,
    ) -> Batch:
        seq = self.ranges.last + 1
        self.ranges.add(seq, seq)
        indexed = [(index, kind, payload) for index, (kind, payload) in enumerate(others)]
        numbered = [(len(others) + index, payload) for index, payload in enumerate(reports)]
        return Batch(self.host, self.stream, self.lane, seq, seq * 11, received, numbered, indexed, quarantine)

    def state(self, duplicates: int = 0) -> tuple[bytes, StreamState]:
        return self.stream, StreamState(self.host, self.lane, self.ranges.copy(), self.ranges.through * 11, duplicates)

    def send(
        self,
        reports: Sequence[bytes] = (),
        others: Sequence[tuple[int, bytes]] = (),
        received: float = NOW,
        gaps: Sequence[StoredGap] = (),
    ) -> None:
        """One batch, one commit."""
        self.store.append([self.batch(reports, others, received)], [self.state()], gaps)

    def schema(self, payload: bytes = SCHEMA_PAYLOAD) -> None:
        self.send(others=[(SCHEMA, payload)])

    def event(self, type: str, time: float, **data: object) -> None:
        payload = pack_json(EVENT, {"type": type, "time": time, "data": data, "severity": "info"})
        self.send(others=[(EVENT, payload[RECORD_HEADER.size :])])

    def snapshot(self, kind: str, time: float, data: dict[str, object]) -> None:
        payload = pack_json(SNAPSHOT, {"kind": kind, "time": time, "data": data})
        self.send(others=[(SNAPSHOT, payload[RECORD_HEADER.size :])])


__all__ = ["NOW", "REPORT", "SCHEMA_NUMBER", "SCHEMA_PAYLOAD", "SERIES", "Feed", "report"]
