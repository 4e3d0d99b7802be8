"""Takes the pictures in docs/screenshots of a real hub that real agents on this machine report to.

    python -m tests.browser.screenshots [--minutes 16] [--data FOLDER]

Charts show the last 15 minutes, so the agents run a little longer than that first; with --data a folder of an earlier
run is gone on with. Command lines are left out of the process table: they name folders of whoever takes the pictures.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.chromium import FLAGS
from tests.support import servers
from tests.support.processes import HubProcess, start_agent, start_hub, wait_until

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
AGENTS = {"harbour": {"site": "quay", "role": "build"}, "lighthouse": {"site": "rock"}, "attic": {"site": "home"}}
SEEN = "harbour"
SILENT = "attic"
OFFLINE_AFTER = 20
SIZES = {"": (1440, 900, 1), "-phone": (360, 780, 2)}
THEMES = ("dark", "light")


@contextlib.contextmanager
def watch(folder: Path, minutes: float) -> Iterator[tuple[HubProcess, str]]:
    """A hub and the host that is looked at, after the agents have run for `minutes`; one of them has fallen silent."""
    book = folder / "agents.json"
    known: dict[str, list[str]] = json.loads(book.read_text()) if book.exists() else {}
    with contextlib.ExitStack() as running:
        hub = running.enter_context(start_hub(folder, env={"WK_HUB_OFFLINE_AFTER": str(OFFLINE_AFTER)}))
        agents = {}
        for name in AGENTS:
            host, token = known.get(name, ["", ""])
            agent = start_agent(hub, folder, name=name, interval=5, host=host, token=token)
            agents[name] = running.enter_context(agent)
            known[name] = [agent.host, agent.token]
        book.write_text(json.dumps(known))
        tidy(hub, known)
        wait(minutes)
        agents[SILENT].stop()
        silent = agents[SILENT].host
        wait_until(lambda: hub.get(f"/hosts/{silent}")["status"] == "offline", OFFLINE_AFTER + 20)
        yield hub, agents[SEEN].host


def tidy(hub: HubProcess, known: dict[str, list[str]]) -> None:
    """Tags for the agents' hosts; the host that a new hub makes for its own machine has no agent here and goes."""
    for host in hub.get("/hosts")["hosts"]:
        if host["name"] in known:
            hub.request("PATCH", f"/hosts/{host['id']}", {"tags": AGENTS[host["name"]]}).raise_for_status()
        else:
            hub.request("DELETE", f"/hosts/{host['id']}", {"name": host["name"]}).raise_for_status()


def wait(minutes: float) -> None:
    end = time.monotonic() + minutes * 60
    while (left := end - time.monotonic()) > 0:
        print(f"\rgathering, {left / 60:.0f} min to go ", end="", file=sys.stderr, flush=True)
        time.sleep(min(left, 10))
    print(file=sys.stderr)


def sign_in(context: BrowserContext, password: str) -> None:
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Pages").wait_for()
    page.close()


def settled(page: Page, path: str, selector: str) -> None:
    """Open `path` and wait until what is seen stands still."""
    page.goto(path)
    page.locator(selector).first.wait_for()
    page.wait_for_timeout(1200)
    page.evaluate("document.activeElement.blur()")


def pictures(context: BrowserContext, host: str, end: str, phone: bool) -> None:
    page = context.new_page()

    def keep(name: str) -> None:
        page.screenshot(path=FOLDER / f"{name}{end}.png")

    settled(page, "/", "[data-host]")
    keep("fleet")
    settled(page, f"/hosts/{host}", "[data-chart=cpu] canvas")
    keep("host")
    page.locator("#section-disks").scroll_into_view_if_needed()
    page.evaluate("document.getElementById('section-memory').scrollIntoView()")
    page.wait_for_timeout(1500)
    page.locator("[data-chart=memory] .u-over").hover()
    keep("host-charts")
    settled(page, f"/hosts/{host}?tab=processes", "tbody tr")
    page.evaluate("for (const one of document.querySelectorAll('td code')) one.textContent = ''")
    keep("processes")
    settled(page, "/hub", ".storage")
    keep("hub")
    if not phone:
        rest(page, host, keep)
    page.close()


def rest(page: Page, host: str, keep: Callable[[str], None]) -> None:
    """The pages that a phone shows much like the others."""
    settled(page, f"/hosts/{host}?tab=events", "[aria-current=page]")
    keep("events")
    settled(page, f"/hosts/{host}?tab=collectors", "tbody tr")
    keep("collectors")
    settled(page, f"/hosts/{host}?tab=series&metric=load.1&q=load", "[data-chart='metric:load.1'] canvas")
    keep("series")


def dialogs(context: BrowserContext, end: str) -> None:
    """What floats: the table of the fleet, the palette, and how a machine is added."""
    page = context.new_page()
    settled(page, "/", "[data-host]")
    page.get_by_role("radio", name="Table").check()
    page.wait_for_timeout(400)
    page.screenshot(path=FOLDER / f"fleet-table{end}.png")
    page.get_by_role("radio", name="Cards").check()
    page.keyboard.press("Control+k")
    page.locator("#palette-hits [role=option]").first.wait_for()
    page.screenshot(path=FOLDER / f"palette{end}.png")
    page.keyboard.press("Escape")
    page.close()


def take(browser: Browser, hub: HubProcess, host: str, password: str) -> None:
    for theme in THEMES:
        for suffix, (width, height, scale) in SIZES.items():
            end = f"-{theme}{suffix}"
            context = browser.new_context(
                base_url=hub.url,
                viewport={"width": width, "height": height},
                device_scale_factor=scale,
                color_scheme="dark" if theme == "dark" else "light",
            )
            page = context.new_page()
            settled(page, "/", "h1")
            page.screenshot(path=FOLDER / f"sign-in{end}.png")
            page.close()
            sign_in(context, password)
            phone = bool(suffix)
            pictures(context, host, end, phone)
            if not phone:
                dialogs(context, end)
            context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=16)
    parser.add_argument("--data", type=Path, help="folder to keep or go on with")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="wk-screenshots-") as fresh, sync_playwright() as playwright:
        folder: Path = options.data or Path(fresh)
        folder.mkdir(parents=True, exist_ok=True)
        with watch(folder, options.minutes) as (hub, host):
            browser = playwright.chromium.launch(executable_path=servers.find("chromium"), args=FLAGS)
            take(browser, hub, host, hub.admin_password)
            browser.close()
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
