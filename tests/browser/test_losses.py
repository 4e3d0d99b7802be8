"""What was lost or came late is shown as what it is."""

from __future__ import annotations

import re
import time

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.crowd import Machine
from tests.support.processes import HubProcess

STEP = 5.0
FIRST = 600.0
LOST = range(40, 60)


@pytest.fixture(scope="module")
def machine(hub: HubProcess) -> tuple[str, float]:
    """A machine whose reports of ten minutes come now, but for some that it had to drop; and when they begin."""
    begin = time.time() - FIRST
    with httpx.Client(base_url=hub.url) as client:
        with httpx.Client(base_url=hub.url, headers={"Authorization": f"Bearer {hub.token}"}) as admin:
            machine = Machine(admin, "storm", {})
        for at in range(int(FIRST / STEP)):
            if at == LOST.start:
                start, end = begin + LOST.start * STEP, begin + LOST.stop * STEP
                machine.lose(client, len(LOST), start, end, "quota")
            if at not in LOST:
                machine.report(client, [30 + at % 20, 40, 1, 50, 1000], begin + at * STEP)
    return machine.host, begin


def test_the_strip_counts_what_is_late_and_lost(page: Page, machine: tuple[str, float]) -> None:
    host, _ = machine
    page.goto(f"/hosts/{host}")
    strip = page.get_by_label("Completeness of the data shown")
    expect(strip).to_contain_text("20 lost")
    expect(strip).to_contain_text(re.compile(r"[1-9]\d* late"))


def test_a_gap_is_a_break_that_says_why_when_it_is_pointed_at(page: Page, machine: tuple[str, float]) -> None:
    host, begin = machine
    page.goto(f"/hosts/{host}?from={begin:.0f}&to={begin + FIRST:.0f}")
    chart = page.locator("[data-chart='load']")
    chart.locator("canvas").wait_for()
    box = chart.locator(".u-over").bounding_box()
    assert box
    middle = (LOST.start + len(LOST) / 2) * STEP / FIRST
    page.mouse.move(box["x"] + box["width"] * middle, box["y"] + box["height"] / 2)
    expect(chart).to_contain_text("Lost: 20 records")
    expect(chart).to_contain_text("the spool was full")


def test_no_line_crosses_a_gap(page: Page, machine: tuple[str, float]) -> None:
    host, begin = machine
    page.goto(f"/hosts/{host}?from={begin:.0f}&to={begin + FIRST:.0f}")
    page.get_by_role("button", name="Load as table").click()
    values = page.get_by_role("region", name="Load as table").locator("tbody td").all_inner_texts()
    assert values.count("–") == 1, "one unknown point breaks the line"


def test_unknown_is_never_drawn_as_a_number(page: Page, machine: tuple[str, float]) -> None:
    host, begin = machine
    inside = begin + (LOST.start + 5) * STEP
    page.goto(f"/hosts/{host}?from={inside:.0f}&to={inside + 40:.0f}")
    expect(page.locator("[data-chart=load]")).to_contain_text("Nothing is known of this in the time shown")
