from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import Watched, wider_than_the_screen, without_a_name
from tests.support.processes import HubProcess


@pytest.fixture
def stranger(browser: Browser, hub: HubProcess) -> Iterator[Page]:
    """A page of nobody in particular; being told so is expected."""
    context = browser.new_context(base_url=hub.url)
    page = context.new_page()
    watched = Watched(page, allowed=("401 (Unauthorized)",))
    yield page
    context.close()
    assert watched.complaints() == []


def sign_in(page: Page, password: str) -> None:
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_the_first_password_opens_the_fleet(stranger: Page, hub: HubProcess) -> None:
    stranger.goto("/")
    expect(stranger.get_by_text("First time here?")).to_be_visible()
    sign_in(stranger, hub.admin_password)
    expect(stranger.locator("[data-host=harbour]")).to_be_visible()


def test_a_wrong_password_is_told_in_words_and_can_be_mended(stranger: Page, hub: HubProcess) -> None:
    stranger.goto("/")
    sign_in(stranger, "not the password")
    expect(stranger.get_by_role("alert")).to_have_text("That name and password do not go together.")
    sign_in(stranger, hub.admin_password)
    expect(stranger.locator("[data-host=harbour]")).to_be_visible()


def test_signing_in_leads_to_the_address_that_was_asked_for(stranger: Page, hub: HubProcess, host_id: str) -> None:
    stranger.goto(f"/hosts/{host_id}?tab=processes")
    sign_in(stranger, hub.admin_password)
    expect(stranger.get_by_role("columnheader", name="Threads")).to_be_visible()


def test_a_session_that_ends_while_at_work_asks_to_sign_in_again_and_goes_on(stranger: Page, hub: HubProcess) -> None:
    stranger.goto("/hub")
    sign_in(stranger, hub.admin_password)
    expect(stranger.get_by_role("heading", name="Storage")).to_be_visible()
    stranger.context.clear_cookies()
    expect(stranger.get_by_text("Your session ended.")).to_be_visible(timeout=15_000)
    sign_in(stranger, hub.admin_password)
    expect(stranger.get_by_role("heading", name="Storage")).to_be_visible()


def test_signing_out_closes_the_pages(stranger: Page, hub: HubProcess) -> None:
    stranger.goto("/")
    sign_in(stranger, hub.admin_password)
    stranger.get_by_role("button", name="Account").click()
    stranger.get_by_role("button", name="Sign out").click()
    expect(stranger.get_by_role("heading", name="Sign in")).to_be_visible()
    stranger.reload()
    expect(stranger.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_sign_in_page_fits_a_phone_and_names_its_fields(stranger: Page) -> None:
    stranger.set_viewport_size({"width": 360, "height": 640})
    stranger.goto("/")
    expect(stranger.get_by_role("heading", name="Sign in")).to_be_visible()
    assert wider_than_the_screen(stranger) == []
    assert without_a_name(stranger) == []
