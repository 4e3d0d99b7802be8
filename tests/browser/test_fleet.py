from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.chromium import wider_than_the_screen, without_a_name
from tests.support.processes import HubProcess, start_agent


def test_a_machine_shows_its_figures_and_its_system(page: Page) -> None:
    page.goto("/")
    card = page.locator("[data-host=harbour]")
    expect(card.get_by_role("meter", name="CPU of harbour")).to_have_attribute("aria-valuenow", re.compile(r"\d+"))
    expect(card).to_contain_text("%")
    expect(card).to_contain_text(re.compile("load \\d"))
    expect(page).to_have_title(re.compile("Watchkeeper"))


def test_figures_move_without_loading_the_page_again(page: Page) -> None:
    page.goto("/")
    card = page.locator("[data-host=harbour] dl")
    expect(card).to_contain_text("%")
    before = card.inner_text()
    expect(card).not_to_have_text(before, use_inner_text=True)


def test_cards_and_table_show_the_same_machines_and_the_choice_is_kept(page: Page) -> None:
    page.goto("/")
    expect(page.locator("article[data-host=harbour]")).to_be_visible()
    page.get_by_role("radio", name="Table").check()
    expect(page.locator("tr[data-host=harbour]")).to_be_visible()
    page.reload()
    expect(page.locator("tr[data-host=harbour]")).to_be_visible()
    page.get_by_role("button", name="Memory").click()
    expect(page.get_by_role("columnheader", name="Memory")).to_have_attribute("aria-sort", "descending")


def test_the_filter_finds_by_name_and_stays_in_the_address(page: Page) -> None:
    page.goto("/")
    expect(page.locator("[data-host=harbour]")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("nothing-like-this")
    expect(page.get_by_text("No machine fits")).to_be_visible()
    expect(page).to_have_url(re.compile("q=nothing-like-this"))
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("[data-host=harbour]")).to_be_visible()


def test_a_new_machine_is_added_waited_for_renamed_and_deleted(page: Page, hub: HubProcess, tmp_path: Path) -> None:
    page.goto("/")
    page.get_by_role("button", name="Add a machine").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("lighthouse")
    page.get_by_label("Tags").fill("site=rock")
    page.get_by_role("button", name="Add machine").click()
    expect(page.get_by_text("Waiting for the first report from lighthouse")).to_be_visible()
    token = re.search(r"wka_\w+", page.locator("pre").first.inner_text())
    assert token
    host = next(one["id"] for one in hub.get("/hosts")["hosts"] if one["name"] == "lighthouse")
    with start_agent(hub, tmp_path, name="lighthouse", token=token.group(), host=host):
        expect(page.get_by_text("lighthouse reports.")).to_be_visible(timeout=20_000)
        page.get_by_role("link", name="Open lighthouse").click()
        expect(page.get_by_role("heading", name="lighthouse")).to_be_visible()

    page.get_by_role("button", name="Change name and tags of lighthouse").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("old lighthouse")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="old lighthouse")).to_be_visible()

    page.get_by_role("button", name="Delete old lighthouse").click()
    button = page.get_by_role("dialog").get_by_role("button", name="Delete old lighthouse")
    page.get_by_label("Type old lighthouse").fill("old light")
    expect(button).to_be_disabled()
    page.get_by_label("Type old lighthouse").fill("old lighthouse")
    button.click()
    expect(page).to_have_url(re.compile("/$"))
    expect(page.locator("[data-host=harbour]")).to_be_visible()
    expect(page.locator("[data-host='old lighthouse']")).to_have_count(0)


def test_the_palette_leads_to_a_machine_by_keyboard_alone(page: Page) -> None:
    page.goto("/")
    expect(page.locator("[data-host=harbour]")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("harb")
    expect(page.get_by_role("option", name="harbour")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="harbour")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile("/$"))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_have_count(0)


def test_every_control_of_the_fleet_has_a_name_and_shows_its_focus(page: Page) -> None:
    page.goto("/")
    expect(page.locator("[data-host=harbour]")).to_be_visible()
    assert without_a_name(page) == []
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    for _ in range(6):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_fleet_fits_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/")
    expect(page.locator("[data-host=harbour]")).to_be_visible()
    assert wider_than_the_screen(page) == []
    page.get_by_role("radio", name="Table").check()
    expect(page.locator("tr[data-host=harbour]")).to_be_visible()
    assert wider_than_the_screen(page) == []
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Hub").click()
    expect(page.get_by_role("heading", name="Storage")).to_be_visible()
    assert wider_than_the_screen(page) == []
