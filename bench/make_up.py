"""How long `make up` takes: from a clone with empty caches, once built, and until the first chart has data.

    python -m bench.make_up [--quick]

--quick leaves the clone out: it downloads every package anew. The hub listens on a free port and keeps its data in a
temporary folder, so that whatever runs from this checkout is left alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.load import Reader
from bench.report import Figure, Report, is_quick, median_figure
from tests.support.processes import clean_environment, free_port, wait_until

ROOT = Path(__file__).parents[1]
TIMES = 3


class Checkout:
    """A folder with a Makefile whose hub listens on `port` and keeps its data in `data`."""

    def __init__(self, folder: Path, data: Path, caches: Path | None = None) -> None:
        self._folder = folder
        self._port = free_port()
        self._data = data
        changes = {"WK_DATA": str(data), "WK_HUB_LISTEN": f"127.0.0.1:{self._port}"}
        changes["WK_AGENT_HUB"] = f"http://127.0.0.1:{self._port}"
        if caches:
            names = ("UV_CACHE_DIR", "PIP_CACHE_DIR", "npm_config_cache")
            changes |= {name: str(caches / name) for name in names}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("VIRTUAL_ENV", "MAKE"))}
        self._env = {**clean_environment(), **inherited, **changes}

    def make(self, target: str) -> float:
        """Seconds that `make target` takes."""
        begin = time.perf_counter()
        done = subprocess.run(
            ["make", target], cwd=self._folder, env=self._env, capture_output=True, text=True, timeout=900, check=False
        )
        if done.returncode:
            raise RuntimeError(f"make {target} failed ({done.returncode}):\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return time.perf_counter() - begin

    def first_chart(self) -> tuple[float, float]:
        """Seconds that `make up` takes with no data yet, and until the processor's chart has a value."""
        begin = time.perf_counter()
        up = self.make("up")
        token = (self._data / "hub" / "local-token").read_text().strip()
        reader = Reader(f"http://127.0.0.1:{self._port}", {"Authorization": f"Bearer {token}"})

        def known() -> bool:
            hosts = self._ask(reader, "/api/v1/hosts")["hosts"]
            if not hosts:
                return False
            path = f"/api/v1/query?host={hosts[0]['id']}&series=cpu.percent&from=-15m&to=now"
            status, _, _ = reader.get(path)
            lines = self._ask(reader, path)["series"] if status == 200 else []
            return any(value is not None for line in lines for value in line["mean"])

        wait_until(known, 60, "the processor's chart to have a value")
        reader.close()
        return up, time.perf_counter() - begin

    @staticmethod
    def _ask(reader: Reader, path: str) -> Any:
        return json.loads(reader.get(path)[1])


def main() -> None:
    quick = is_quick()
    report = Report("make_up", quick)
    with tempfile.TemporaryDirectory(prefix="wk-bench-") as name:
        folder = Path(name)
        if quick:
            clone = None
        else:
            subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder / "clone")], check=True, timeout=120)
            fresh = Checkout(folder / "clone", folder / "clone-data", folder / "caches")
            try:
                clone = fresh.make("up") / 60
            finally:
                fresh.make("down")
        note = "every package downloaded: empty caches of uv, pip and npm"
        report.add(Figure("up.clone", "make up from a clone", clone, "min", at_most=4, note=note))
        # Else a change of the sources would be built while the clock runs.
        Checkout(ROOT, folder / "build").make("web")
        ups, first, again = [], [], []
        for at in range(1 if quick else TIMES):
            built = Checkout(ROOT, folder / f"data-{at}")
            try:
                up, chart = built.first_chart()
                ups.append(up)
                first.append(chart)
                built.make("down")
                again.append(built.make("up"))
            finally:
                built.make("down")
        report.add(median_figure("up.again", "make up once built", again, "s", at_most=3))
        report.add(median_figure("up.first", "make up on no data", ups, "s"))
        report.add(median_figure("up.chart", "make up on no data → first chart with data", first, "s", at_most=10))
    report.publish()


if __name__ == "__main__":
    main()
