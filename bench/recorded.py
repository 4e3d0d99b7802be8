"""The second data set: what this machine's own agent reports, and the disk space that it takes.

    python -m bench.recorded [--quick]
    python -m bench.recorded --record SECONDS      # only record; the next run uses it

An agent without a hub samples once a second into its spool; the recording is read from there. It is replayed as a
report each 5 seconds, the agent's ordinary interval, for several hosts that each begin at another place of it. (Rates
over one second are noisier than over five, so real data compresses a little better.)
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from bench import load, rivals_servers
from bench.hub import Floats, Hub
from bench.report import Figure, Report, is_quick
from tests.support.processes import free_port, start_agent
from watchkeeper.wire.frames import read_frame
from watchkeeper.wire.records import REPORT, SCHEMA, unpack, unpack_report, unpack_schema

RECORDING = Path(__file__).parents[1] / "build" / "bench" / "recording.npz"
INTERVAL = 5.0
HOSTS = 50
SEGMENT_HEADER_BYTES = 64

Series = list[tuple[str, str, str]]


def record(seconds: float) -> None:
    """Let an agent sample for `seconds` and keep what it spooled in RECORDING."""
    with tempfile.TemporaryDirectory(prefix="wk-bench-") as name:
        folder = Path(name)
        nobody = {"WK_AGENT_HUB": f"http://127.0.0.1:{free_port()}"}
        with start_agent(None, folder, interval=1.0, token="wka_bench", host="bench", env=nobody):
            time.sleep(seconds)
        series, times, values = read_spool(folder / "box")
    RECORDING.parent.mkdir(parents=True, exist_ok=True)
    np.savez(RECORDING, series=np.array(series), times=times, values=values)


def read_spool(folder: Path) -> tuple[Series, Floats, Floats]:
    """Series, times and values (reports, series) of the most frequent schema in the segments under `folder`."""
    schemas: dict[int, Series] = {}
    reports = []
    for path in sorted(folder.rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        if not data.startswith(b"WKSEG1"):
            continue
        offset = SEGMENT_HEADER_BYTES
        while offset < len(data):
            frame = read_frame(data, offset)
            offset += frame.size
            for found in unpack(frame.payload, frame.count):
                if found.kind == SCHEMA:
                    number, series = unpack_schema(found.payload)
                    schemas[number] = series
                elif found.kind == REPORT:
                    reports.append(unpack_report(found.payload))
    assert reports, f"the agent reported nothing into {folder}"
    ((number, _),) = Counter(report.schema for report in reports).most_common(1)
    chosen = sorted((report.time, bytes(report.values)) for report in reports if report.schema == number)
    values = np.array([np.frombuffer(vector, "<f8") for _, vector in chosen])
    return schemas[number], np.array([when for when, _ in chosen]), values


def recording() -> tuple[Series, Floats, Floats]:
    """What was recorded: series, times and values (reports, series), without series that were never known."""
    with np.load(RECORDING) as kept:
        series = [(str(name), str(kind), str(unit)) for name, kind, unit in kept["series"]]
        values, times = kept["values"], kept["times"]
    known = ~np.isnan(values).any(axis=0)
    return [each for each, is_known in zip(series, known, strict=True) if is_known], times, values[:, known]


def disk(series: Series, values: Floats, jitter: Floats) -> tuple[dict[str, dict[str, float]], int]:
    """Bytes on disk by server once settled, and the number of samples."""
    steps = len(values)
    times = time.time() // INTERVAL * INTERVAL - INTERVAL * np.arange(steps, 0, -1.0) + jitter
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="wk-bench-") as name:
        folder = Path(name)
        hub = Hub(folder / "watchkeeper", HOSTS, series)
        servers: list[Hub | rivals_servers.Rival] = [hub, *rivals_servers.start(folder, [each[0] for each in series])]
        try:
            for server in servers:
                queue: list[bytes] = []
                for at in range(0, steps - steps % 12, 12):
                    for host in range(HOSTS):
                        rolled = np.roll(values, -host * steps // HOSTS, axis=0)[at : at + 12]
                        queue += server.requests(host, times[at : at + 12], rolled, 12)
                outcome = load.saturate(server.address, [queue])
                assert not outcome.failed, outcome.first_error
                found[server.name] = server.settle()
        finally:
            for server in servers:
                server.stop()
    return found, HOSTS * (steps - steps % 12) * len(series)


def main() -> None:
    quick = is_quick()
    if not RECORDING.is_file():
        record(30 if quick else 180)
    series, recorded_at, values = recording()
    report = Report("recorded", quick)
    # Seconds by which the agent's clock missed the whole second: they belong to real data.
    jitter = np.clip(recorded_at - np.round(recorded_at), -0.5, 0.5)
    found, samples = disk(series, values, jitter)
    others = dict.fromkeys(("prometheus", "victoria-metrics"))
    others |= {name: sizes["settled"] / samples for name, sizes in found.items() if name != Hub.name}
    ours = found[Hub.name]
    note = f"{len(series)} series of this machine, {len(values)} reports, {HOSTS} hosts, {samples:,} samples"
    report.add(
        Figure(
            "recorded.disk",
            "recorded data: disk, all files",
            ours["settled"] / samples,
            "bytes a sample",
            at_most=1.2,
            rivals=others,
            note=note,
        )
    )
    chunks = ours["chunks"] / samples
    report.add(Figure("recorded.chunks", "recorded data: raw chunks alone", chunks, "bytes a sample", at_most=1.0))
    report.publish()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--record"]:
        record(float(sys.argv[2]))
    else:
        main()
