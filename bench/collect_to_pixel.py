"""How long a value takes from the machine to the screen: a real agent, a real hub, a real browser.

    python -m bench.collect_to_pixel [--quick]

The clock starts when the agent's collectors begin (the time in the report) and stops in the first task after the frame
in which the page of the host has drawn that report: its charts, its figures, its process table. All three run on this
machine, so one clock serves. `sent` and `drawn` split the way at the moment when the hub had the report.
"""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.report import Figure, Report, is_quick
from tests.browser.chromium import FLAGS
from tests.support import servers
from tests.support.processes import HubProcess, start_agent, start_hub, wait_until

INTERVAL = 1.0

# The page tells in `data-painted` which report its frame shows. A message that is posted in that frame is handled after
# the browser has painted it.
WATCH = """
() => {
  self.seen = [];
  const after = new MessageChannel();
  let report = 0;
  after.port1.onmessage = () => self.seen.push([report, Date.now() / 1000]);
  new MutationObserver(() => {
    report = Number(document.documentElement.dataset.painted);
    after.port2.postMessage(0);
  }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-painted"] });
  const source = new EventSource("/api/v1/live?host=" + location.pathname.split("/")[2]);
  self.received = {};
  source.addEventListener("report", (event) => {
    const { time, received } = JSON.parse(event.data);
    self.received[time] = received;
  });
}
"""


def quantile(values: list[float], share: float) -> float:
    """The smallest value that `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def sign_in(page: Page, hub: HubProcess) -> None:
    page.goto("/")
    page.get_by_label("Password").fill(hub.admin_password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Pages").wait_for()


def observe(page: Page, host: str, reports: int) -> tuple[list[float], list[float]]:
    """Seconds from collecting to the pixel, and of these the part until the hub had it, of `reports` reports."""
    page.goto(f"/hosts/{host}")
    page.locator("[data-chart=cpu] canvas").wait_for()
    page.evaluate(WATCH)
    page.wait_for_function(
        "(count) => self.seen.length >= count", arg=reports, timeout=reports * INTERVAL * 2000 + 30_000
    )
    answer: dict[str, Any] = page.evaluate("() => ({ seen: self.seen, received: self.received })")
    received = {float(time): at for time, at in answer["received"].items()}
    whole = [painted - time for time, painted in answer["seen"]]
    sent = [received[time] - time for time, _ in answer["seen"] if time in received]
    return whole, sent


def main() -> None:
    quick = is_quick()
    reports = 20 if quick else 200
    report = Report("collect_to_pixel", quick)
    with (
        tempfile.TemporaryDirectory(prefix="wk-bench-") as folder,
        start_hub(Path(folder)) as hub,
        start_agent(hub, Path(folder), name="pixel", interval=INTERVAL) as agent,
        sync_playwright() as playwright,
    ):
        wait_until(lambda: hub.get(f"/hosts/{agent.host}")["status"] == "online", 20)
        browser = playwright.chromium.launch(executable_path=servers.find("chromium"), args=FLAGS)
        page = browser.new_page(base_url=hub.url, viewport={"width": 1440, "height": 900})
        sign_in(page, hub)
        whole, sent = observe(page, agent.host, reports)
        browser.close()
    note = f"{len(whole)} reports, one each {INTERVAL:g} s; headless Chromium, 1440 × 900, software rendering"
    for name, share, bar in (("p50", 0.5, 200), ("p99", 0.99, 1000)):
        what = f"collect → pixel, {name}"
        figure = Figure(f"pixel.{name}", what, quantile(whole, share) * 1000, "ms", at_most=bar, runs=whole, note=note)
        report.add(figure)
    report.add(Figure("pixel.sent", "of this until the hub had it, p50", quantile(sent, 0.5) * 1000, "ms"))
    report.publish()


if __name__ == "__main__":
    main()
