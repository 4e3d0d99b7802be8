"""Prometheus and VictoriaMetrics from the package manager, on free loopback ports, their data in a temporary folder."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from bench import load
from bench.accounting import cpu_seconds, disk_bytes
from bench.rivals_write import HEADERS, Floats, Template
from tests.support.processes import Process, clean_environment, free_port, wait_until

# Debian's package and the command that it brings.
PACKAGES = {
    "prometheus": "prometheus",
    "victoria-metrics": "victoria-metrics",
    "node_exporter": "prometheus-node-exporter",
}
PER_POST_OF_HISTORY = 60


def installed(name: str) -> str:
    """The path of a rival's program, "" when it is not there."""
    return shutil.which(PACKAGES[name]) or ""


def version(name: str) -> str:
    """A rival's version as the package manager tells it."""
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", PACKAGES[name]],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return asked.stdout.strip() or "unknown version"


class Rival:
    """A running server that takes remote write and answers PromQL."""

    name = ""
    write_path = "/api/v1/write"
    settled = ""

    def __init__(self, folder: Path, series: Sequence[str]) -> None:
        self.port = free_port()
        self.address = ("127.0.0.1", self.port)
        self.url = f"http://127.0.0.1:{self.port}"
        self._labels = [_labels(name) for name in series]
        self._templates: dict[tuple[int, int], Template] = {}
        self.folder = folder / self.name
        self.folder.mkdir(parents=True)
        self._process = Process(self.command(), folder / f"{self.name}.log", clean_environment())
        self.pid = self._process.pid
        wait_until(self._is_up, 30, f"{self.name} to answer")

    def command(self) -> list[str]:
        raise NotImplementedError

    def requests(self, host: int, times: Floats, values: Floats, per_post: int) -> list[bytes]:
        """Whole HTTP requests that bring `values` (reports, series) of one host, `per_post` reports each."""
        template = self._templates.get((host, per_post))
        if template is None:
            labels = [{**each, "host": host_name(host)} for each in self._labels]
            template = self._templates[host, per_post] = Template(labels, per_post)
        return [load.request(self.write_path, body, HEADERS) for body in template.requests(times, values)]

    def forget_templates(self) -> None:
        self._templates.clear()

    def cpu(self) -> float:
        """CPU seconds so far."""
        return cpu_seconds(self.pid)

    def reader(self) -> load.Reader:
        return load.Reader(self.url)

    def ask(self, path: str, method: str = "GET") -> str:
        asked = urllib.request.Request(self.url + path, method=method)
        with urllib.request.urlopen(asked, timeout=300) as answer:
            return str(answer.read().decode())

    def range_path(self, query: str, start: float, end: float, points: int) -> str:
        step = (end - start) / points
        return f"/api/v1/query_range?query={quote(query)}&start={start:.3f}&end={end:.3f}&step={step:.3f}"

    def instant_path(self, query: str, at: float) -> str:
        return f"/api/v1/query?query={quote(query)}&time={at:.3f}"

    def settle(self) -> dict[str, float]:
        """Wait until what was taken lies on disk as it will stay; bytes there."""
        raise NotImplementedError

    def take_in(self) -> None:
        """Old hours need no help to become blocks."""

    def stop(self) -> None:
        self._process.stop(60)

    def _is_up(self) -> bool:
        assert self._process.alive, f"{self.name} ended at once: {self._process.output()[-2000:]}"
        try:
            self.ask("/-/ready" if self.name == "prometheus" else "/health")
        except (urllib.error.URLError, OSError):
            return False
        return True


class Prometheus(Rival):
    """Its newest hours lie in a write-ahead log and in memory; a snapshot writes them as a block."""

    name = "prometheus"
    settled = "the head written as a block (snapshot API); blocks alone, without the write-ahead log"

    def command(self) -> list[str]:
        settings = self.folder / "prometheus.yml"
        settings.write_text("global:\n  scrape_interval: 1h\n")
        return [
            installed("prometheus"),
            f"--config.file={settings}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--web.enable-remote-write-receiver",
            "--web.enable-admin-api",
            "--web.max-connections=4096",
            "--log.level=warn",
        ]

    def settle(self) -> dict[str, float]:
        """Bytes on disk: the snapshot's blocks, and all that lies in the data folder beside it."""
        everything = disk_bytes(self.folder / "data")
        name = json.loads(self.ask("/api/v1/admin/tsdb/snapshot", "POST"))["data"]["name"]
        blocks = disk_bytes(self.folder / "data" / "snapshots" / name)
        return {"settled": blocks, "all files": everything}


class VictoriaMetrics(Rival):
    """It buffers for some seconds, then merges parts in the background; force_merge merges a month whole."""

    name = "victoria-metrics"
    settled = "force_flush and force_merge, until merges have ended and the size stands still; all files"

    def command(self) -> list[str]:
        return [
            installed("victoria-metrics"),
            f"-storageDataPath={self.folder / 'data'}",
            f"-httpListenAddr=127.0.0.1:{self.port}",
            "-search.latencyOffset=0s",
            "-search.disableCache",
            "-loggerLevel=WARN",
        ]

    def settle(self) -> dict[str, float]:
        before = disk_bytes(self.folder / "data")
        self.ask("/internal/force_flush")
        self.ask("/internal/force_merge")
        sizes = [-1]

        def stands_still() -> bool:
            time.sleep(1)
            sizes.append(disk_bytes(self.folder / "data"))
            return sizes[-1] == sizes[-2] and not self._merges()

        wait_until(stands_still, 120, "VictoriaMetrics' merges to end")
        return {"settled": sizes[-1], "all files": before}

    def _merges(self) -> int:
        return sum(int(n) for n in re.findall(r"^vm_active_merges\S* (\d+)", self.ask("/metrics"), re.MULTILINE))


def start(folder: Path, series: Sequence[str]) -> list[Rival]:
    """All rivals that are installed, running."""
    return [kind(folder, series) for kind in (Prometheus, VictoriaMetrics) if installed(kind.name)]


def host_name(host: int) -> str:
    return f"host-{host:04d}"


def metric_name(series: str) -> str:
    """A series' metric as Prometheus spells it."""
    return re.sub(r"[^a-zA-Z0-9_]", "_", series.partition("{")[0])


def _labels(series: str) -> dict[str, str]:
    inside = series.partition("{")[2].rstrip("}")
    pairs = (pair.partition("=") for pair in inside.split(",") if pair)
    return {"__name__": metric_name(series), **{key: value for key, _, value in pairs}}
