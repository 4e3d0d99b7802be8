"""What all tests of the pages need to know about the browser."""

from __future__ import annotations

from playwright.sync_api import ConsoleMessage, Page

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Told to the console by the page itself, before any script runs, so that none is missed.
_REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  console.error("policy: " + violatedDirective + " " + blockedURI));
"""

# Sums up in `self.shift` how much of the page moved without being asked to.
COUNT_SHIFTS = """
self.shift = 0;
new PerformanceObserver((list) => { for (const one of list.getEntries()) self.shift += one.value })
  .observe({ type: "layout-shift", buffered: true });
"""


class Watched:
    """Collects what a page complains about. What a test expects is named in `allowed`, as a part of the message."""

    def __init__(self, page: Page, allowed: tuple[str, ...] = ()) -> None:
        self._allowed = allowed
        self._found: list[str] = []
        page.add_init_script(_REPORT_VIOLATIONS)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._found.append(f"uncaught: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._found.append(f"{message.type}: {message.text}")

    def complaints(self) -> list[str]:
        return [one for one in self._found if not any(part in one for part in self._allowed)]


def wider_than_the_screen(page: Page) -> list[str]:
    """Elements that make the page scroll sideways, empty when it does not."""
    found: list[str] = page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
          [...document.querySelectorAll("body *")]
            .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
            .map((one) => one.tagName + "." + one.className)"""
    )
    return found


def without_a_name(page: Page) -> list[str]:
    """Controls that a screen reader could not name, and images without words."""
    found: list[str] = page.evaluate(
        """() => {
          const named = (one) => (one.getAttribute("aria-label") || one.textContent.trim() || one.title ||
            (one.labels && [...one.labels].map((label) => label.textContent.trim()).join("")) || "");
          const seen = (one) => one.getClientRects().length > 0 && !one.closest("[aria-hidden=true]");
          return [...document.querySelectorAll("button, a[href], input, select, [role=img], [role=meter], dialog, nav")]
            .filter((one) => seen(one) && !named(one) && !one.getAttribute("aria-labelledby"))
            .map((one) => one.outerHTML.slice(0, 120));
        }"""
    )
    return found
