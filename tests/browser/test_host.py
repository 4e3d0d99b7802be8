from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.chromium import wider_than_the_screen, without_a_name
from tests.support.processes import HubProcess, start_agent

TABS = ["Charts", "Processes", "Events", "Collectors", "Custom metrics", "All series"]


@pytest.fixture
def host(page: Page, host_id: str) -> Page:
    page.goto(f"/hosts/{host_id}")
    expect(page.locator("[data-chart=cpu] canvas")).to_be_visible()
    expect(page.get_by_label("Completeness of the data shown")).to_contain_text("received")
    return page


def window_of(page: Page) -> tuple[int, int] | None:
    query = parse_qs(urlsplit(page.url).query)
    return (int(query["from"][0]), int(query["to"][0])) if "from" in query else None


def drag(page: Page, chart: Locator, start: float, end: float) -> None:
    """Draw over a part of the plot, given as shares of its width."""
    box = chart.locator(".u-over").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * start, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * (start + end) / 2, box["y"] + box["height"] / 2, steps=4)
    page.mouse.move(box["x"] + box["width"] * end, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()


def test_charts_draw_what_the_machine_reports(host: Page) -> None:
    for subject, line in (("cpu", "user"), ("memory", "used"), ("load", "1 min"), ("receive", None)):
        chart = host.locator(f"[data-chart={subject}]")
        chart.scroll_into_view_if_needed()
        expect(chart.locator("canvas")).to_be_visible()
        if line:
            expect(chart.get_by_role("button", name=line, exact=True)).to_be_visible()
            expect(chart.locator("tbody td").first).to_have_text(re.compile(r"\d"))


def test_a_chart_grows_with_each_report(host: Page) -> None:
    chart = host.locator("[data-chart=cpu]")
    chart.get_by_role("button", name="CPU by mode as table").click()
    first = chart.locator("tbody th").first
    before = first.inner_text()
    expect(first).not_to_have_text(before)


def test_dragging_zooms_all_charts_double_click_goes_back(host: Page) -> None:
    drag(host, host.locator("[data-chart=cpu]"), 0.6, 0.9)
    host.wait_for_url(re.compile("from="))
    window = window_of(host)
    assert window
    assert 200 < window[1] - window[0] < 340, "three tenths of 15 min"
    expect(host.locator("[data-range]")).not_to_contain_text("Last")
    host.locator("[data-chart=load] .u-over, [data-chart=load] .nothing").dblclick()
    expect(host.locator("[data-range]")).to_contain_text("Last 15 min")
    host.go_forward()
    expect(host.locator("[data-range]")).not_to_contain_text("Last")
    assert window_of(host) == window


def test_the_address_holds_the_exact_view(host: Page) -> None:
    drag(host, host.locator("[data-chart=cpu]"), 0.5, 0.8)
    host.wait_for_url(re.compile("from="))
    label = host.locator("[data-range]").inner_text()
    host.get_by_role("link", name="Processes").click()
    host.get_by_role("radio", name="By memory").check()
    copy = host.context.new_page()
    copy.goto(host.url)
    expect(copy.locator("[data-range]")).to_have_text(label, use_inner_text=True)
    expect(copy.get_by_role("radio", name="By memory")).to_be_checked()


@pytest.mark.parametrize(("label", "key"), [("1 h", "1h"), ("7 d", "7d"), ("1 y", "1y")])
def test_a_range_can_be_picked(host: Page, label: str, key: str) -> None:
    host.locator("[data-range]").click()
    host.get_by_role("button", name=label, exact=True).click()
    host.wait_for_url(re.compile(f"range={key}"))
    expect(host.locator("[data-range]")).to_contain_text(f"Last {label}")
    expect(host.locator("[data-chart=cpu] canvas")).to_be_visible()


def test_a_range_can_be_typed_and_a_wrong_one_is_refused(host: Page) -> None:
    host.locator("[data-range]").click()
    host.get_by_label("From").fill("2026-01-02T03:00:00")
    host.get_by_label("To", exact=True).fill("2026-01-02T02:00:00")
    host.get_by_role("button", name="Show this time").click()
    expect(host.get_by_role("alert")).to_contain_text("at least 10 s")
    host.get_by_label("To", exact=True).fill("2026-01-02T05:00:00")
    host.get_by_role("button", name="Show this time").click()
    host.wait_for_url(re.compile("from="))
    window = window_of(host)
    assert window
    assert window[1] - window[0] == 7200
    expect(host.locator("[data-chart=cpu]")).to_contain_text("Nothing is known of this in the time shown")


def test_one_cursor_runs_through_all_charts(host: Page) -> None:
    host.locator("[data-chart=load]").scroll_into_view_if_needed()
    expect(host.locator("[data-chart=load] canvas")).to_be_visible()
    host.locator("[data-chart=cpu] .u-over").hover()
    expect(host.locator("[data-chart=cpu] thead")).to_contain_text("here")
    expect(host.locator("[data-chart=load] thead")).to_contain_text("here")


def test_the_keyboard_moves_the_cursor_zooms_and_shows_the_table(host: Page) -> None:
    chart = host.locator("[data-chart=cpu]")
    chart.locator("[aria-roledescription=chart]").focus()
    host.keyboard.press("ArrowLeft")
    expect(chart.locator("thead")).to_contain_text("here")
    host.keyboard.press("+")
    host.wait_for_url(re.compile("from="))
    host.keyboard.press("Backspace")
    expect(host.locator("[data-range]")).to_contain_text("Last 15 min")
    chart.locator("[aria-roledescription=chart]").focus()
    host.keyboard.press("t")
    expect(chart.get_by_role("region", name="CPU by mode as table")).to_be_visible()
    host.keyboard.press("[")
    host.wait_for_url(re.compile("from="))
    host.keyboard.press("l")
    expect(host.locator("[data-range]")).to_contain_text("Last")


def test_a_line_can_be_hidden_from_its_legend(host: Page) -> None:
    name = host.locator("[data-chart=cpu]").get_by_role("button", name="user", exact=True)
    expect(name).to_have_attribute("aria-pressed", "true")
    name.click()
    expect(name).to_have_attribute("aria-pressed", "false")


def test_the_completeness_of_the_data_is_told(host: Page) -> None:
    expect(host.get_by_label("Completeness of the data shown")).to_contain_text(re.compile(r"[1-9]\d* received"))
    expect(host.get_by_label("Completeness of the data shown")).to_contain_text("0 lost")


def test_processes_are_live_and_ordered(host: Page) -> None:
    host.get_by_role("link", name="Processes").click()
    expect(host.locator("tbody tr").first).to_be_visible()
    assert host.locator("tbody tr").count() <= 15
    shares = [
        float(text.rstrip("%")) for text in host.locator("tbody td:nth-child(3)").all_inner_texts() if "%" in text
    ]
    assert shares == sorted(shares, reverse=True)
    shown = host.locator("tbody").inner_text()
    expect(host.locator("tbody")).not_to_have_text(shown, use_inner_text=True)
    host.get_by_role("radio", name="By memory").check()
    expect(host.get_by_role("columnheader", name="Memory")).to_have_attribute("aria-sort", "descending")


def test_collectors_say_what_they_cannot_see(host: Page) -> None:
    host.get_by_role("link", name="Collectors").click()
    expect(host.get_by_role("row", name=re.compile("^cpu sees"))).to_be_visible()


def test_any_series_can_be_found_and_charted(host: Page) -> None:
    host.get_by_role("link", name="All series").click()
    host.get_by_label("Filter series").fill("load.15")
    host.get_by_role("button", name="load.15").click()
    expect(host.locator("[data-chart='metric:load.15'] canvas")).to_be_visible()


def test_custom_metrics_teach_how_to_have_some(host: Page) -> None:
    host.get_by_role("link", name="Custom metrics").click()
    expect(host.get_by_text("No metrics of your own yet")).to_be_visible()


def test_a_metric_of_ones_own_gets_a_chart_by_itself(page: Page, hub: HubProcess, tmp_path: Path) -> None:
    (tmp_path / "mail.prom").write_text('mail_queue_length{queue="out"} 12\n')
    with start_agent(hub, tmp_path, name="post-office", env={"WK_AGENT_CUSTOM_TEXTFILES": str(tmp_path)}) as agent:
        page.goto(f"/hosts/{agent.host}?tab=custom")
        chart = page.locator("[data-chart='metric:mail_queue_length']")
        expect(chart.locator("canvas")).to_be_visible(timeout=30_000)
        expect(chart.get_by_role("button", name="queue=out")).to_be_visible()
        expect(chart.locator("tbody td").first).to_have_text("12")


def test_a_host_that_is_not_there_is_told(page: Page, context: BrowserContext) -> None:
    stranger = context.new_page()
    stranger.goto("/hosts/h_000000000000")
    expect(stranger.get_by_text("There is no such host")).to_be_visible()
    stranger.get_by_role("link", name="Go to the fleet").click()
    expect(stranger.locator("[data-host=harbour]")).to_be_visible()


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_fits_a_phone_and_names_its_controls(host: Page, tab: str) -> None:
    host.set_viewport_size({"width": 360, "height": 740})
    host.get_by_role("navigation", name="What is on this host").get_by_role("link", name=tab).click()
    expect(host.get_by_role("link", name=tab)).to_have_attribute("aria-current", "page")
    host.wait_for_load_state("networkidle" if tab == "Collectors" else "load")
    assert wider_than_the_screen(host) == []
    assert without_a_name(host) == []


def test_the_title_says_what_is_seen(host: Page) -> None:
    expect(host).to_have_title("● harbour – Watchkeeper")


def test_a_report_in_the_midst_of_a_drag_does_not_end_it(host: Page) -> None:
    box = host.locator("[data-chart=cpu] .u-over").bounding_box()
    assert box
    height = box["y"] + box["height"] / 2
    host.mouse.move(box["x"] + box["width"] * 0.2, height)
    host.mouse.down()
    host.mouse.move(box["x"] + box["width"] * 0.5, height, steps=4)
    painted = host.evaluate("document.documentElement.dataset.painted")
    host.wait_for_function("(before) => document.documentElement.dataset.painted !== before", arg=painted)
    host.mouse.move(box["x"] + box["width"] * 0.8, height, steps=4)
    host.mouse.up()
    host.wait_for_url(re.compile("from="))
    window = window_of(host)
    assert window
    assert 500 < window[1] - window[0] < 580, "six tenths of 15 min"
