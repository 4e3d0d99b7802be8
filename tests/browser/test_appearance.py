from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import COUNT_SHIFTS
from tests.support.processes import HubProcess


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))


def test_the_theme_follows_the_system_until_one_is_chosen_and_is_kept(page: Page) -> None:
    page.goto("/")
    expect(page.locator("[data-host=harbour]")).to_be_visible()
    dark = background(page)
    page.emulate_media(color_scheme="light")
    light = background(page)
    assert light != dark
    page.get_by_role("button", name="Account").click()
    page.get_by_role("radio", name="Dark").check()
    assert background(page) == dark
    page.reload()
    expect(page.locator("[data-host=harbour]")).to_be_visible()
    assert background(page) == dark


def test_charts_are_drawn_anew_in_the_colours_of_the_theme(page: Page, host_id: str) -> None:
    page.goto(f"/hosts/{host_id}")
    canvas = page.locator("[data-chart=cpu] canvas")
    expect(canvas).to_be_visible()
    ink = "(canvas) => canvas.getContext('2d').fillStyle + canvas.getContext('2d').strokeStyle"
    before = canvas.evaluate(ink)
    page.emulate_media(color_scheme="light")
    page.wait_for_function(
        f"(before) => ({ink})(document.querySelector('[data-chart=cpu] canvas')) !== before", arg=before
    )


def test_nothing_moves_for_people_who_asked_for_that(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/")
    expect(page.locator("[data-host=harbour]")).to_be_visible()
    moving = page.evaluate(
        """[...document.querySelectorAll("*")]
          .filter((one) => parseFloat(getComputedStyle(one).transitionDuration) > 0.001).length"""
    )
    assert moving == 0


def test_the_first_page_does_not_shift_while_it_loads(page: Page) -> None:
    page.add_init_script(COUNT_SHIFTS)
    page.goto("/")
    expect(page.locator("[data-host=harbour] dl")).to_contain_text("%")
    assert page.evaluate("self.shift") < 0.01


def test_the_pages_need_no_inline_script_or_style(browser: Browser, hub: HubProcess) -> None:
    """Stricter than the hub's own policy: were inline styles refused, nothing would break."""
    context = browser.new_context(base_url=hub.url)
    answer = context.request.get("/")
    html = answer.text()
    context.close()
    assert "<style" not in html
    assert " style=" not in html
    assert "onload=" not in html
    assert html.count("<script") == html.count("<script src=") + html.count('<script type="module"')
