"""The hub as one of the servers that are loaded: the same interface as rivals_servers.Rival."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from bench import load
from bench.accounting import cpu_seconds, disk_bytes
from tests.support.processes import start_hub
from watchkeeper.base.ids import stream_id
from watchkeeper.wire.frames import METRICS, post, seal
from watchkeeper.wire.records import RECORD_HEADER, REPORT, REPORT_HEADER, SCHEMA, pack, pack_schema

Floats = NDArray[np.float64]

# When all hosts booted: their monotonic clocks count from here.
BOOTED = 1_700_000_000.0

COMPACT = """
import json, pathlib, resource, sys
from watchkeeper.hub.storage.embedded.store import EmbeddedRecordStore
store = EmbeddedRecordStore(pathlib.Path(sys.argv[1]), housekeeping=False)
own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
outcome = store.compact_now()
sizes = store.stats()
store.close()
both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
cpu = sum(each.ru_utime + each.ru_stime for each in both) - sum(each.ru_utime + each.ru_stime for each in own)
print(json.dumps({"cpu": cpu, "seconds": outcome.seconds, "chunks": sizes["chunks_bytes"],
                  "rollups": sizes["rollups_bytes"], "journal": sizes["journal_bytes"]}))
"""


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
    settled = "everything compacted, open hours too, in chunks and rollups; all files"

    def __init__(
        self, folder: Path, hosts: int, series: Sequence[tuple[str, str, str]], env: Mapping[str, str] | None = None
    ) -> None:
        self._folder = folder
        self._env = dict(env or {})
        self._schema, self._schema_text = pack_schema(series)
        self._cpu_before = 0.0
        self._start()
        reader = self.reader()
        self.senders = [_add_host(reader, f"host-{number:04d}") for number in range(hosts)]
        reader.close()

    def _start(self) -> None:
        self._process = start_hub(self._folder, env=self._env)
        self.pid = self._process.pid
        self.url = self._process.url
        self.data = self._process.data
        host, port = self.url.removeprefix("http://").split(":")
        self.address = (host, int(port))
        self._cpu_at_start = cpu_seconds(self.pid)

    def cpu(self) -> float:
        """CPU seconds so far, of processes that have ended too; what a start takes does not count."""
        return self._cpu_before + cpu_seconds(self.pid) - self._cpu_at_start

    def requests(self, host: int, times: Floats, values: Floats, per_post: int) -> list[bytes]:
        """Whole HTTP requests that bring `values` (reports, series): a report a batch, `per_post` a request."""
        sender = self.senders[host]
        frames = []
        for time, vector in zip(times.tolist(), np.ascontiguousarray(values, "<f8"), strict=True):
            head = RECORD_HEADER.pack(REPORT, REPORT_HEADER.size + vector.nbytes)
            record = head + REPORT_HEADER.pack(time, time - BOOTED, self._schema, 1) + vector.tobytes()
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

    def take_in(self) -> None:
        """Compact what came in, as when its hours had closed."""
        self.while_stopped(self._compact)

    def settle(self) -> dict[str, float]:
        """Stop, compact everything, start again; bytes on disk in between."""
        before = disk_bytes(self.data)
        self._end()
        figures = self._compact()
        after = disk_bytes(self.data)
        self._start()
        return {"settled": after, "all files": before, **figures}

    def _compact(self) -> dict[str, float]:
        command = [sys.executable, "-c", COMPACT, str(self.data)]
        compaction = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
        figures: dict[str, float] = json.loads(compaction.stdout)
        self._cpu_before += figures["cpu"]
        return figures

    def while_stopped(self, do: Callable[[], object]) -> None:
        """Stop the hub, `do` something to its data, start it again: it has nothing in its caches."""
        self._end()
        do()
        self._start()

    def _end(self) -> None:
        self._cpu_before = self.cpu()
        self._process.stop(60)

    def stop(self) -> None:
        self._process.stop(60)
        shutil.rmtree(self.data, ignore_errors=True)


def _add_host(reader: load.Reader, name: str) -> Sender:
    status, body = reader.post("/api/v1/hosts", json.dumps({"name": name, "tags": {"rack": name[-1]}}).encode())
    assert status == 201, f"POST /hosts answered {status}: {body[:300]!r}"
    answer = json.loads(body)
    return Sender(answer["host"]["id"], answer["token"])
