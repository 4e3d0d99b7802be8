"""Gathers the newest full run of each script in bench/results/latest.json and writes the table of docs/benchmarks.md
from it; the prose around the table stays.

python -m bench.page
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.report import RESULTS, number

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- figures: written by python -m bench.page -->", "<!-- end of figures -->"
NAMES = {"prometheus": "Prometheus", "victoria-metrics": "VictoriaMetrics", "node_exporter": "node_exporter"}


@dataclass(frozen=True)
class Row:
    """One row of the page: a figure of a script."""

    script: str
    figure: str
    what: str


ROWS = (
    Row("rivals", "ingest.one", "ingest, one 60-series report a POST, saturated"),
    Row("rivals", "ingest.paced", "the same at 1,000 reports/s from 1,000 connections"),
    Row("rivals", "ack.paced", "until the answer, p99, at 1,000 reports/s (the hub has synced by then)"),
    Row("rivals", "ingest.eight", "ingest, 8 reports a POST, saturated"),
    Row("rivals", "ingest.million", "CPU for a million samples while they come in, one report a POST"),
    Row("rivals", "ingest.all", "CPU for a million samples all told: ingest, flush, compaction"),
    Row("disk_day", "day.disk", "disk after compaction, 26 h, all files"),
    Row("disk_day", "day.chunks", "raw chunks alone"),
    Row("store_disk", "store.disk", "disk after compaction, one clock hour of 1,000 hosts, all files"),
    Row("store_disk", "store.chunks", "raw chunks alone"),
    Row("rivals", "disk", "disk after compaction, an hour of 1,000 hosts across two clock hours, all files"),
    Row("rivals", "disk.chunks", "raw chunks alone"),
    Row("recorded", "recorded.disk", "disk, data recorded from this machine's agent, all files"),
    Row("recorded", "recorded.chunks", "raw chunks alone"),
    Row("rivals", "query.host", "one host, 3 series, 24 h to 500 points"),
    Row("rivals", "query.host.one", "one host, 1 series, 24 h to 500 points"),
    Row("rivals", "query.latest", "latest value of one metric, 1,000 hosts"),
    Row("rivals", "query.fleet", "mean and p95 over 1,000 hosts, 1 h"),
    Row("rivals", "query.fleet.mean", "mean alone, 1 h"),
    Row("rivals", "query.fleet.samples", "mean, 1 h, at each 10 s instead of each minute"),
    Row("fleet_week", "query.week", "mean and p95 over 1,000 hosts, 7 d"),
    Row("rivals", "query.compare", "2 hosts × 4 series, 24 h"),
    Row("collect_to_pixel", "pixel.p50", "collect → pixel, p50"),
    Row("collect_to_pixel", "pixel.p99", "collect → pixel, p99"),
    Row("agent_footprint", "agent.rss", "agent, TLS and process table, every 5 s: RSS"),
    Row("agent_footprint", "agent.pss", "agent: PSS"),
    Row("agent_footprint", "agent.private", "agent: private memory"),
    Row("agent_footprint", "agent.cpu", "agent: processor"),
    Row("agent_footprint", "agent.archive", "agent: wk-agent.pyz"),
    Row("hub_memory", "memory.one", "hub with one host: RSS"),
    Row("hub_memory", "memory.host", "each active host at 1,000 hosts, an hour in"),
    Row("rivals", "memory", "all processes with 1,000 hosts and their hour: PSS"),
    Row("make_up", "up.clone", "`make up` from a clone, empty caches"),
    Row("make_up", "up.again", "`make up` once built"),
    Row("make_up", "up.chart", "`make up` on no data → first chart with data"),
    Row("page_weight", "page.js", "first page: JavaScript, gzipped"),
    Row("page_weight", "page.shift.desktop", "layout shift, desktop"),
    Row("page_weight", "page.shift.phone", "layout shift, 360 px"),
    Row("page_weight", "page.wide.phone", "pages that scroll sideways at 360 px"),
)


def gathered() -> dict[str, Any]:
    """Figures by script: of full runs that lie in bench/results now, else as they were gathered before."""
    path = RESULTS / "latest.json"
    results: dict[str, Any] = json.loads(path.read_text())["results"] if path.is_file() else {}
    for local in sorted(RESULTS.glob("*.local.json")):
        result = json.loads(local.read_text())
        if not result["quick"]:
            results[result["script"]] = result
    everything = {"results": dict(sorted(results.items()))}
    path.write_text(json.dumps(everything, indent=1, ensure_ascii=False) + "\n")
    return everything


def written(everything: dict[str, Any]) -> str:
    """The table, and what the scripts noted, as Markdown."""
    newest = max(everything["results"].values(), key=lambda result: float(result["started"]))
    about = newest["machine"]
    when = time.strftime("%Y-%m-%d", time.gmtime(newest["started"]))
    lines = [
        f"Measured {when} on {about['cores']} cores of {about['cpu']} ({about['memory_gib']} GiB, {about['kernel']}), "
        f"Python {about['python']}, SQLite {about['sqlite']}.",
        "",
        "| figure | bar | Watchkeeper | others, same run | | `python -m bench …` |",
        "|---|---|---|---|---|---|",
        *(_line(row, _figure(everything, row)) for row in ROWS),
        "",
        *_notes(everything),
    ]
    return "\n".join(lines)


def _figure(everything: dict[str, Any], row: Row) -> dict[str, Any] | None:
    result = everything["results"].get(row.script)
    figures = result["figures"] if result else []
    return next((each for each in figures if each["name"] == row.figure), None)


def _line(row: Row, figure: dict[str, Any] | None) -> str:
    if figure is None:
        return f"| {row.what} | | not measured | | | `{row.script}` |"
    bar = ""
    for sign, kind in (("≥", "at_least"), ("≤", "at_most")):
        if figure[kind] is not None:
            bar = f"{sign} {number(figure[kind])}"
    others = ", ".join(f"{NAMES[name]} {_or_none(value)}" for name, value in figure["rivals"].items())
    value = "–" if figure["value"] is None else f"**{number(figure['value'])}** {figure['unit']}"
    return f"| {row.what} | {bar} | {value} | {others} | {figure['verdict']} | `{row.script}` |"


def _or_none(value: float | None) -> str:
    return "not measured" if value is None else number(value)


def _notes(everything: dict[str, Any]) -> list[str]:
    lines = ["What the scripts noted, when they began, how long they took, and the load average before:", ""]
    for name, result in everything["results"].items():
        began = time.strftime("%H:%M UTC", time.gmtime(result["started"]))
        lines.append(f"- `{name}`: {began}, {result['seconds']:.0f} s, load {result['load']:.1f}")
        lines += [f"  - {note}" for note in result["notes"]]
        lines += [f"  - {figure['what']}: {figure['note']}" for figure in result["figures"] if figure["note"]]
    return lines


def main() -> None:
    everything = gathered()
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{written(everything)}\n\n{END}{after}")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
