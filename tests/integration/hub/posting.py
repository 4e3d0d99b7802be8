"""A sender of batches over a real socket, as plain as can be: it keeps what it sealed."""

from __future__ import annotations

import gzip
import ssl
import time
from collections.abc import Sequence
from typing import Any

import httpx

from watchkeeper.wire import frames, records

SERIES = [("cpu.percent", "gauge", "%"), ("memory.percent", "gauge", "%"), ("load.1", "gauge", "")]

# Loading the system's certificates for each post would take most of a test's time.
_CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Sender:
    """One stream of one agent. `seal` numbers batches, `post` sends bytes and gives the answer."""

    def __init__(self, url: str, token: str, lane: int = frames.METRICS, stream: bytes | None = None) -> None:
        self.url = url
        self.token = token
        self.lane = lane
        self.stream = stream or time.time_ns().to_bytes(16, "big")
        self.seq = 0
        self.monotonic = 1000.0
        self.schema, self.schema_payload = records.pack_schema(SERIES)

    def seal(self, *packed: bytes) -> bytes:
        """The next batch of this stream."""
        self.seq += 1
        return frames.seal(self.seq, len(packed), b"".join(packed))

    def schema_record(self) -> bytes:
        return records.pack(records.SCHEMA, self.schema_payload)

    def report(self, values: Sequence[float], when: float | None = None, boot: int = 1) -> bytes:
        """One report a monotonic second after the one before."""
        self.monotonic += 1.0
        return records.pack_report(time.time() if when is None else when, self.monotonic, self.schema, boot, values)

    def event(self, kind: str, data: dict[str, object] | None = None) -> bytes:
        value = {"type": kind, "time": time.time(), "data": data or {}, "severity": "info"}
        return records.pack_json(records.EVENT, value)

    def snapshot(self, kind: str, data: dict[str, Any], when: float | None = None) -> bytes:
        value = {"kind": kind, "time": time.time() if when is None else when, "data": data}
        return records.pack_json(records.SNAPSHOT, value)

    def body(self, *sealed: bytes) -> bytes:
        return frames.post(self.lane, self.stream, list(sealed))

    def send(self, *sealed: bytes, packed: bool = False) -> httpx.Response:
        """Post these batches."""
        body = self.body(*sealed)
        if packed:
            return self.post("batches", gzip.compress(body), {"Content-Encoding": "gzip"})
        return self.post("batches", body)

    def post(self, call: str, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
        """Post any bytes to /agent/v1/`call` with this sender's token."""
        all_headers = {"Authorization": f"Bearer {self.token}", "Wk-Sent-At": f"{time.time():.3f}", **(headers or {})}
        address = f"{self.url}/agent/v1/{call}"
        return httpx.post(address, content=body, headers=all_headers, timeout=20.0, verify=_CONTEXT)
