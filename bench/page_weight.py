"""What the first page weighs on the wire, how much it shifts while it loads, and how soon it is there.

    python -m bench.page_weight [--quick]

The bytes are what the browser received, gzip as the hub sent it; the shift is the browser's own layout-shift score, in
which a unit that stands behind a figure of another width counts with some 0.0001.
"""

from __future__ import annotations

import statistics
import tempfile
from collections import Counter
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, sync_playwright

from bench.collect_to_pixel import sign_in
from bench.report import Figure, Report, is_quick, median_figure
from tests.browser.chromium import COUNT_SHIFTS, FLAGS, wider_than_the_screen
from tests.support import servers
from tests.support.processes import HubProcess, start_agent, start_hub, wait_until

SIZES = {"desktop": (1440, 900), "phone": (360, 740)}


class Wire:
    """Counts the bytes that a page receives, by kind of resource."""

    def __init__(self, session: CDPSession) -> None:
        self.bytes: Counter[str] = Counter()
        self._kinds: dict[str, str] = {}
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        session.on("Network.responseReceived", lambda event: self._kinds.update({event["requestId"]: event["type"]}))
        session.on("Network.loadingFinished", self._finished)

    def _finished(self, event: dict[str, str | float]) -> None:
        kind = self._kinds.get(str(event["requestId"]))
        if kind:
            self.bytes[kind] += int(event["encodedDataLength"])


def load(
    browser: Browser, hub: HubProcess, size: tuple[int, int], state: Path
) -> tuple[Counter[str], float, float, bool]:
    """Bytes by kind, layout shift, seconds until figures stand there, and whether the page scrolls sideways."""
    context = browser.new_context(base_url=hub.url, storage_state=state, viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    page.add_init_script(COUNT_SHIFTS)
    wire = Wire(context.new_cdp_session(page))
    page.goto("/")
    page.locator("[data-host=pixel] dl").get_by_text("%").first.wait_for()
    seconds = float(page.evaluate("performance.now()")) / 1000
    page.wait_for_timeout(500)
    shift = float(page.evaluate("self.shift"))
    sideways = bool(wider_than_the_screen(page))
    context.close()
    return wire.bytes, shift, seconds, sideways


def main() -> None:
    quick = is_quick()
    report = Report("page_weight", quick)
    with (
        tempfile.TemporaryDirectory(prefix="wk-bench-") as folder,
        start_hub(Path(folder)) as hub,
        start_agent(hub, Path(folder), name="pixel") as agent,
        sync_playwright() as playwright,
    ):
        wait_until(lambda: hub.get(f"/hosts/{agent.host}")["status"] == "online", 20)
        browser = playwright.chromium.launch(executable_path=servers.find("chromium"), args=FLAGS)
        state = Path(folder) / "state.json"
        context = browser.new_context(base_url=hub.url)
        sign_in(context.new_page(), hub)
        context.storage_state(path=state)
        context.close()
        for name, size in SIZES.items():
            loads = [load(browser, hub, size, state) for _ in range(1 if quick else 5)]
            if name == "desktop":
                weight = loads[0][0]
                report.add(Figure("page.js", "JavaScript, gzipped", weight["Script"] / 1000, "kB", at_most=150))
                report.add(Figure("page.css", "style sheets, gzipped", weight["Stylesheet"] / 1000, "kB"))
                report.add(Figure("page.fonts", "fonts", weight["Font"] / 1000, "kB"))
            shift = statistics.median(one[1] for one in loads)
            report.add(Figure(f"page.shift.{name}", f"layout shift, {name}", shift, "", at_most=0.001))
            report.add(median_figure(f"page.time.{name}", f"first figures, {name}", [one[2] for one in loads], "s"))
            sideways = sum(one[3] for one in loads)
            report.add(Figure(f"page.wide.{name}", f"scrolls sideways, {name}", sideways, "of loads", at_most=0))
        browser.close()
    report.publish()


if __name__ == "__main__":
    main()
