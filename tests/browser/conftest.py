"""A real hub, a real agent and the system's Chromium, started once for all browser tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.chromium import FLAGS, Watched
from tests.support import servers
from tests.support.processes import HubProcess, start_agent, start_hub, wait_until

HOST = "harbour"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.server("chromium"))


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub with one machine, HOST, that reports every second."""
    folder = tmp_path_factory.mktemp("browser")
    with start_hub(folder) as hub, start_agent(hub, folder, name=HOST) as agent:
        wait_until(lambda: hub.get(f"/hosts/{agent.host}")["status"] == "online", 20, "the first report")
        yield hub


@pytest.fixture(scope="session")
def host_id(hub: HubProcess) -> str:
    return next(str(host["id"]) for host in hub.get("/hosts")["hosts"] if host["name"] == HOST)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=servers.find("chromium"), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def signed_in(browser: Browser, hub: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the cookie of somebody who signed in by the page."""
    path = tmp_path_factory.mktemp("session") / "state.json"
    context = browser.new_context(base_url=hub.url)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Password").fill(hub.admin_password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Pages").wait_for()
    context.storage_state(path=path)
    context.close()
    return path


@pytest.fixture
def context(browser: Browser, hub: HubProcess, signed_in: Path) -> Iterator[BrowserContext]:
    context = browser.new_context(
        base_url=hub.url, storage_state=signed_in, viewport={"width": 1280, "height": 900}, color_scheme="dark"
    )
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page of somebody who is signed in. At the end it must have had no error and broken no content policy."""
    page = context.new_page()
    watched = Watched(page)
    yield page
    assert watched.complaints() == []
