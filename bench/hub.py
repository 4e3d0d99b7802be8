"""The hub as one of the servers that are loaded: the same interface as rivals_servers.Rival."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray
from tests.support.processes import start_hub, wait_until

from bench import load
from bench.accounting import disk_bytes
from watchkeeper.base.ids import stream_id
from watchkeeper.wire.frames import METRICS, post, seal
from watchkeeper.wire.records import RECORD_HEADER, REPORT, REPORT_HEADER, SCHEMA, pack, pack_schema

Floats = NDArray[np.float64]


class Sender:
    """What an agent would know: its host's id, token, stream and the next number in it."""

    def __init__(self, host: str, token: str) -> None:
        self.host = host
        self.headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/vnd.watchkeeper.batches",
        }
        self.stream = stream_id()
        self.seq = 0


class Hub:
    """A running hub with `hosts` hosts made known to it."""

    name = "watchkeeper"
    settled = "all closed hours in chunks and rolled up, the journal trimmed; all files"

    def __init__(
        self, folder: Path, hosts: int, series: Sequence[tuple[str, str, str]], env: Mapping[str, str] | None = None
    ) -> None:
        self._folder = folder
        self._env = dict(env or {})
        self._schema, self._schema_text = pack_schema(series)
        self._process = start_hub(folder, env=self._env)
        self.senders = [self._add_host(f"host-{number:04d}") for number in range(hosts)]
        self._read_process()

    def _read_process(self) -> None:
        self.pid = self._process.pid
        self.url = self._process.url
        self.data = self._process.data
        host, port = self.url.removeprefix("http://").split(":")
        self.address = (host, int(port))

    def _add_host(self, name: str) -> Sender:
        return Sender(*self._process.add_host(name, {"rack": name[-1]}))

    def requests(self, host: int, times: Floats, values: Floats, per_post: int) -> list[bytes]:
        """Whole HTTP requests that bring `values` (reports, series): a report a batch, `per_post` a request."""
        sender = self.senders[host]
        frames = []
        for time, vector in zip(times.tolist(), np.ascontiguousarray(values, "<f8"), strict=True):
            head = RECORD_HEADER.pack(REPORT, REPORT_HEADER.size + vector.nbytes)
            record = head + REPORT_HEADER.pack(time, time - times[0], self._schema, 1) + vector.tobytes()
            sender.seq += 1
            if sender.seq == 1:
                frames.append(seal(1, 2, pack(SCHEMA, self._schema_text) + record))
            else:
                frames.append(seal(sender.seq, 1, record))
        return [
            load.request("/agent/v1/batches", post(METRICS, sender.stream, frames[at : at + per_post]), sender.headers)
            for at in range(0, len(frames), per_post)
        ]

    def forget_templates(self) -> None:
        """Nothing is kept between requests."""

    def reader(self) -> load.Reader:
        return load.Reader(self.url, {"Authorization": f"Bearer {self._process.token}"})

    def query_path(self, path: str, **parameters: Any) -> str:
        return f"/api/v1{path}?{urlencode(parameters, doseq=True)}"

    def status(self) -> dict[str, Any]:
        """What GET /hub tells."""
        answer: dict[str, Any] = self._process.get("/hub")
        return answer

    def settle(self, seconds: float = 300) -> dict[str, int]:
        """Wait until the compactor has nothing left to do; bytes on disk then."""
        before = disk_bytes(self.data)
        wait_until(lambda: not self.status()["compaction"]["behind"], seconds, "the hub's compactor to be done")
        return {"settled": disk_bytes(self.data), "all files": before}

    def restart(self) -> None:
        """Stop the hub and start it on the same data: nothing is in its caches but the system's."""
        self._process.stop(60)
        self._process = start_hub(self._folder, env=self._env)
        self._read_process()

    def stop(self) -> None:
        self._process.stop(60)
        shutil.rmtree(self.data, ignore_errors=True)
