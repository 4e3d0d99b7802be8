"""Many machines at a real hub, without an agent each: reports made here, posted as an agent posts them."""

from __future__ import annotations

import time
from collections.abc import Sequence

import httpx

from tests.support.processes import HubProcess
from watchkeeper.base.ids import stream_id
from watchkeeper.wire import frames, records
from watchkeeper.wire.catalogue import BY_NAME

SERIES = ("cpu.percent", "memory.percent", "load.1", "disk.percent{mount=/}", "network.receive{interface=eth0}")


class Machine:
    """One machine of the crowd: what an agent would remember."""

    def __init__(self, client: httpx.Client, name: str, tags: dict[str, str]) -> None:
        answer = client.post("/api/v1/hosts", json={"name": name, "tags": tags}).raise_for_status().json()
        self.name = name
        self.host = answer["host"]["id"]
        self._token = answer["token"]
        self._stream = stream_id()
        self._seq = 0

    def report(self, client: httpx.Client, values: Sequence[float], taken: float | None = None) -> None:
        """Post one report of SERIES, taken at `taken` or now."""
        self._seq += 1
        schema, text = records.pack_schema([(name, "gauge", BY_NAME[name.partition("{")[0]].unit) for name in SERIES])
        report = records.pack_report(taken or time.time(), time.monotonic(), schema, 1, values)
        payload = records.pack(records.SCHEMA, text) + report
        self._post(client, frames.METRICS, self._stream, frames.seal(self._seq, 2, payload))

    def lose(self, client: httpx.Client, count: int, start: float, end: float, reason: str) -> None:
        """Number `count` reports between `start` and `end` and tell the hub that they will never come."""
        first, self._seq = self._seq + 1, self._seq + count
        gap = records.pack_json(
            records.GAP,
            {
                "lane": "metrics",
                "stream": self._stream.hex(),
                "first": first,
                "last": self._seq,
                "records": count,
                "from": start,
                "to": end,
                "reason": reason,
                "time": time.time(),
            },
        )
        self._post(client, frames.URGENT, stream_id(), frames.seal(1, 1, gap))

    def _post(self, client: httpx.Client, lane: int, stream: bytes, frame: bytes) -> None:
        body = frames.post(lane, stream, [frame])
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/vnd.watchkeeper.batches"}
        client.post("/agent/v1/batches", content=body, headers=headers).raise_for_status()


class Crowd:
    """`count` machines of the hub, named crowd-0000 …, that report when told to."""

    def __init__(self, hub: HubProcess, count: int) -> None:
        self._agents = httpx.Client(base_url=hub.url)
        with httpx.Client(base_url=hub.url, headers={"Authorization": f"Bearer {hub.token}"}) as admin:
            self.machines = [Machine(admin, f"crowd-{at:04d}", {"rack": str(at % 10)}) for at in range(count)]

    def report(self, wave: int = 0) -> None:
        """One report of each machine; figures differ by machine and `wave`."""
        for at in range(len(self.machines)):
            spread = (at * 7 + wave * 13) % 100
            self.report_one(at, [spread, 20 + spread / 2, spread / 25, (at * 3) % 90, spread * 1000.0])

    def report_one(self, at: int, values: Sequence[float]) -> None:
        """One report of one machine."""
        self.machines[at].report(self._agents, values)

    def close(self) -> None:
        self._agents.close()
