"""The hub dies under an open page and comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chromium import Watched
from tests.support.processes import free_port, start_agent, start_hub, wait_until

EXPECTED = (
    "ERR_CONNECTION_REFUSED",
    "ERR_INCOMPLETE_CHUNKED_ENCODING",
    "ERR_EMPTY_RESPONSE",
    "ERR_CONNECTION_RESET",
    "401 (Un",
)


@pytest.mark.parametrize("place", ["/", "/hosts/{host}"])
def test_a_killed_hub_is_told_with_its_age_and_the_page_goes_on_when_it_is_back(
    browser: Browser, tmp_path: Path, place: str
) -> None:
    port = free_port()
    with start_hub(tmp_path, port) as first:
        password = first.admin_password
        agent = start_agent(first, tmp_path, name="harbour")
        wait_until(lambda: first.get(f"/hosts/{agent.host}")["status"] == "online", 20)
        context = browser.new_context(base_url=first.url)
        context.set_default_timeout(20_000)
        page = context.new_page()
        watched = Watched(page, EXPECTED)
        page.goto(place.format(host=agent.host))
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        expect(page.get_by_text("harbour").first).to_be_visible()
        first.kill()
        expect(page.locator("[data-banner=offline]")).to_contain_text("The hub does not answer")
        expect(page.locator("[data-banner=offline]")).to_contain_text("What you see is from")
        page.get_by_role("button", name="Try now").click()
        expect(page.locator("[data-banner=offline]")).to_be_visible()
    with start_hub(tmp_path, port), agent:
        expect(page.locator("[data-banner=offline]")).to_have_count(0, timeout=20_000)
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        expect(page.get_by_text("harbour").first).to_be_visible()
        painted = page.locator("[data-host=harbour] dl" if place == "/" else "header dl").first
        before = painted.inner_text()
        expect(painted).not_to_have_text(before, use_inner_text=True, timeout=30_000)
        context.close()
    assert watched.complaints() == []
