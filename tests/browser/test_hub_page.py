from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.support.processes import HubProcess


def test_the_hub_tells_its_sizes_and_rates(page: Page) -> None:
    page.goto("/hub")
    expect(page.get_by_role("heading", name="Storage")).to_be_visible()
    expect(page.get_by_role("link", name="the API")).to_have_attribute("href", "/api/docs")


def test_a_token_is_shown_once_works_and_is_revoked(page: Page, hub: HubProcess) -> None:
    page.goto("/hub")
    page.get_by_role("button", name="Make a token").click()
    page.get_by_label("What is it for?").fill("night watch")
    page.get_by_role("button", name="Make token").click()
    token = page.locator(".token code").inner_text()
    headers = {"Authorization": f"Bearer {token}"}
    assert page.request.get(f"{hub.url}/api/v1/hosts", headers=headers).ok
    page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    expect(page.get_by_text(token)).to_have_count(0)
    page.get_by_role("row", name="night watch").get_by_role("button", name="Revoke").click()
    page.get_by_role("button", name="Revoke night watch").click()
    expect(page.get_by_role("row", name="night watch")).to_have_count(0)
    page.context.clear_cookies()
    assert page.request.get(f"{hub.url}/api/v1/hosts", headers=headers).status == 401


def test_a_call_of_the_api_is_tried_on_its_page(page: Page) -> None:
    page.goto("/api/docs")
    expect(page.get_by_role("status")).to_have_text("Signed in as admin")
    page.get_by_label("Find").fill("/api/v1/metrics")
    call = page.locator("details", has=page.locator("code", has_text="/api/v1/metrics"))
    call.locator("summary").click()
    call.get_by_role("button", name="Send").click()
    expect(call.locator("pre")).to_contain_text("200 in ")
    expect(call.locator("pre")).to_contain_text('"cpu.percent"')
