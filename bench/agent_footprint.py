"""What the agent costs: memory and processor time, with TLS and the process table, at its ordinary interval.

    python -m bench.agent_footprint --seconds 3600

Builds the zip application, lets it report to a small TLS receiver in a process of its own, and reads what the kernel
counts. Debian's prometheus-node-exporter runs beside it, asked at the same interval, where it is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.report import Figure, Report
from watchkeeper.agent.archive import build
from watchkeeper.wire.frames import read_post
from watchkeeper.wire.ranges import Ranges

BARS = {"rss": 18.0, "pss": 11.0, "private": 10.0, "cpu": 0.1, "archive": 300.0}


class Receiver:
    """Speaks just enough of a hub to receipt every batch."""

    def __init__(self, certificate: str, watched: bool) -> None:
        self._ranges: dict[bytes, Ranges] = {}
        self._watched = watched
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self.socket = socket.create_server(("127.0.0.1", 0))

    def serve(self) -> None:
        while True:
            raw, _ = self.socket.accept()
            threading.Thread(target=self._connection, args=(raw,), daemon=True).start()

    def _connection(self, raw: socket.socket) -> None:
        with self._context.wrap_socket(raw, server_side=True) as connection:
            stream = connection.makefile("rwb")
            while line := stream.readline():
                path = line.split()[1]
                headers: dict[str, str] = {}
                while (header := stream.readline().decode().strip()) != "":
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                body = stream.read(int(headers.get("content-length", "0")))
                if headers.get("content-encoding") == "gzip":
                    import gzip

                    body = gzip.decompress(body)
                answer = json.dumps(self._answer(path, body)).encode()
                stream.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer)
                )
                stream.write(answer)
                stream.flush()

    def _answer(self, path: bytes, body: bytes) -> dict[str, object]:
        if path.endswith(b"/batches"):
            post = read_post(body)
            ranges = self._ranges.setdefault(post.stream, Ranges())
            for frame in post.frames:
                ranges.add(frame.seq, frame.seq)
            return self._receipt(post.stream, post.frames[-1].crc if post.frames[-1].seq == ranges.through else None)
        if path.endswith(b"/receipts"):
            streams = [bytes.fromhex(stream) for stream in json.loads(body)["streams"]]
            return {"incarnation": "bench", "receipts": [self._receipt(stream, None) for stream in streams]}
        return {"want_schemas": [], "watched": self._watched}

    def _receipt(self, stream: bytes, check: int | None) -> dict[str, object]:
        ranges = self._ranges.setdefault(stream, Ranges())
        return {
            "stream": stream.hex(),
            "through": ranges.through,
            "ranges": [list(pair) for pair in ranges],
            "incarnation": "bench",
            "check": check,
            "quarantined": [],
            "want_schemas": [],
            "watched": self._watched,
            "time": time.time(),
        }


def memory(pid: int) -> dict[str, float]:
    """RSS, PSS, private and anonymous memory of a process in MB, as the kernel's kB over 1,000."""
    sizes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split()[:2]
        sizes[name.rstrip(":")] = int(value) / 1000
    private = sizes["Private_Clean"] + sizes["Private_Dirty"]
    return {"rss": sizes["Rss"], "pss": sizes["Pss"], "private": private, "anonymous": sizes["Anonymous"]}


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and the children that it has waited for, from the scheduler's own count."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9
    return own + (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def watch(pid: int, seconds: float, warm_up: float) -> dict[str, float]:
    """Figures of a process after `seconds`; processor time is counted after `warm_up`."""
    time.sleep(warm_up)
    begin, used = time.monotonic(), cpu_seconds(pid)
    time.sleep(seconds)
    return {**memory(pid), "cpu": 100.0 * (cpu_seconds(pid) - used) / (time.monotonic() - begin)}


def agent(folder: Path, options: argparse.Namespace) -> dict[str, float]:
    archive, certificate = folder / "wk-agent.pyz", folder / "hub.pem"
    build(archive)
    key = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*key, *names, *files], check=True, capture_output=True)
    certificate.write_bytes((folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes())
    command = [
        sys.executable,
        "-m",
        "bench.agent_footprint",
        "--receive",
        str(certificate),
        *(["--watched"] if options.watched else []),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as receiver:
        assert receiver.stdout is not None
        port = receiver.stdout.readline().strip()
        environment = {
            "PATH": os.environ["PATH"],
            "WK_AGENT_HUB": f"https://127.0.0.1:{port}",
            "WK_AGENT_TOKEN": "wka_bench",
            "WK_AGENT_CA": str(folder / "cert.pem"),
            "WK_AGENT_DATA": str(folder / "agent"),
            "WK_AGENT_INTERVAL": str(options.interval),
        }
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen([options.python, str(archive), "run"], env=environment, stderr=log) as process,
        ):
            try:
                figures = watch(process.pid, options.seconds, options.warm_up)
                status = json.loads((folder / "agent" / "status.json").read_text())
            finally:
                process.terminate()
                process.wait(10)
                receiver.terminate()
    assert status["sender"]["connected"], status["sender"]
    return {**figures, "archive": archive.stat().st_size / 1000, "batches": status["sender"]["batches"]}


def node_exporter(program: str, options: argparse.Namespace) -> dict[str, float]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [program, f"--web.listen-address=127.0.0.1:{port}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        stop = threading.Event()

        def scrape() -> None:
            while not stop.wait(options.interval):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                    answer.read()

        scraper = threading.Thread(target=scrape, daemon=True)
        scraper.start()
        try:
            return watch(process.pid, options.seconds, options.warm_up)
        finally:
            stop.set()
            scraper.join(10)
            process.terminate()


def show(report: Report, rows: dict[str, dict[str, float]], options: argparse.Namespace) -> None:
    """The figures beside their bars and node_exporter's."""
    processes = sum(name.isdigit() for name in os.listdir("/proc"))
    ours, other = rows["wk-agent"], rows.get("node_exporter", {})
    for key, what, unit in (
        ("rss", "agent with TLS and process table: RSS", "MB"),
        ("pss", "agent: PSS", "MB"),
        ("private", "agent: private memory", "MB"),
        ("anonymous", "agent: anonymous memory, its own whatever else runs", "MB"),
        ("cpu", "agent: processor time", "% of a core"),
        ("archive", "wk-agent.pyz", "kB"),
    ):
        figure = Figure(f"agent.{key}", what, ours[key], unit, at_most=BARS.get(key))
        if key != "archive":
            figure.rivals["node_exporter"] = other.get(key)
        report.add(figure)
    seconds = options.seconds + options.warm_up
    report.notes.append(f"after {seconds:.0f} s at a report each {options.interval:g} s; {processes} processes")
    report.notes.append("a library's pages count as private while no other process maps them")
    report.publish()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to watch")
    parser.add_argument("--warm-up", type=float, default=12.0, help="seconds before processor time is counted")
    parser.add_argument("--interval", type=float, default=5.0, help="seconds between two reports")
    parser.add_argument("--python", default=shutil.which("python3", path="/usr/bin") or sys.executable)
    parser.add_argument("--watched", action="store_true", help="as if somebody looked at the host all the time")
    parser.add_argument("--receive", metavar="PEM", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.receive:
        receiver = Receiver(options.receive, options.watched)
        print(receiver.socket.getsockname()[1], flush=True)
        receiver.serve()
    report = Report("agent_footprint")
    exporter = shutil.which("prometheus-node-exporter")
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        beside = pool.submit(node_exporter, exporter, options) if exporter else None
        rows = {"wk-agent": agent(Path(folder), options)}
        if beside:
            rows["node_exporter"] = beside.result()
    show(report, rows, options)


if __name__ == "__main__":
    main()
