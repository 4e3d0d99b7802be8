"""A thousand machines on one page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import Watched
from tests.browser.crowd import Crowd
from tests.support.processes import start_hub

COUNT = 1000


@pytest.fixture(scope="module")
def crowded(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, Crowd]]:
    with start_hub(tmp_path_factory.mktemp("crowd")) as hub:
        crowd = Crowd(hub, COUNT)
        crowd.report()
        context = browser.new_context(base_url=hub.url, viewport={"width": 1440, "height": 900})
        context.set_default_timeout(20_000)
        page = context.new_page()
        watched = Watched(page, allowed=("401 (Unauthorized)",))
        page.goto("/")
        page.get_by_label("Password").fill(hub.admin_password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator("[data-host]").first).to_be_visible()
        yield page, crowd
        crowd.close()
        context.close()
        assert watched.complaints() == []


@pytest.fixture(params=["Cards", "Table"])
def view(request: pytest.FixtureRequest, crowded: tuple[Page, Crowd]) -> tuple[Page, Crowd]:
    page, crowd = crowded
    page.goto("/?sort=name")
    page.get_by_role("radio", name=request.param).check()
    expect(page.locator("[data-host=crowd-0000]")).to_be_visible()
    return page, crowd


def test_only_what_is_on_screen_is_drawn_wherever_the_page_is_scrolled(view: tuple[Page, Crowd]) -> None:
    page, _ = view
    assert page.locator("[data-host]").count() < 80
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(page.locator(f"[data-host=crowd-{COUNT - 1:04d}]")).to_be_in_viewport()
    assert page.locator("[data-host]").count() < 80


def test_a_change_of_one_among_a_thousand_is_seen(view: tuple[Page, Crowd]) -> None:
    page, crowd = view
    crowd.report_one(1, [87.6, 50, 1, 50, 1000.0])
    expect(page.locator("[data-host=crowd-0001]")).to_contain_text("87.6%")


def test_a_thousand_machines_are_counted_and_filtered(view: tuple[Page, Crowd]) -> None:
    page, _ = view
    expect(page.get_by_role("heading", level=1)).to_contain_text("machines")
    page.get_by_label("Filter by name, tag or status").fill("rack=7 crowd-099")
    expect(page.locator("[data-host=crowd-0997]")).to_be_visible()
    expect(page.locator("[data-host]")).to_have_count(1)
    expect(page).to_have_url(re.compile("rack"))


def test_a_wave_of_reports_leaves_the_page_answering(view: tuple[Page, Crowd]) -> None:
    page, crowd = view
    crowd.report(wave=3)
    page.get_by_label("Filter by name, tag or status").fill("crowd-0500")
    expect(page.locator("[data-host=crowd-0500]")).to_be_visible(timeout=3_000)
