from __future__ import annotations

import stat
from pathlib import Path

import pytest

from watchkeeper.base.errors import SettingsError
from watchkeeper.cli import background, connection, login, places


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def local_hub(tmp_path: Path, url: str = "http://127.0.0.1:9999") -> None:
    folder = tmp_path / "data" / "hub"
    folder.mkdir(parents=True)
    (folder / "local-token").write_text("wkt_local\n")
    record = background.hub().file
    record.parent.mkdir(parents=True)
    record.write_text(f'{{"pid": 1, "started": 0, "facts": {{"url": "{url}", "data": "{folder}", "ca": ""}}}}')


def test_without_anything_it_is_the_default_address_without_a_token() -> None:
    assert connection.find() == (connection.DEFAULT_URL, "", "", "default")


def test_this_machines_own_hub_is_found_with_its_token(tmp_path: Path) -> None:
    local_hub(tmp_path)
    found = connection.find()
    assert (found.url, found.token) == ("http://127.0.0.1:9999", "wkt_local")


def test_a_login_comes_before_this_machines_own_hub(tmp_path: Path) -> None:
    local_hub(tmp_path)
    login.keep("https://far:8787", "wkt_far", "/etc/ca.pem")
    assert connection.find()[:3] == ("https://far:8787", "wkt_far", "/etc/ca.pem")


def test_a_named_hub_gets_its_own_token_and_never_that_of_another(tmp_path: Path) -> None:
    local_hub(tmp_path)
    login.keep("https://far:8787", "wkt_far", "")
    assert connection.find("http://127.0.0.1:9999").token == "wkt_local"
    assert connection.find("https://far:8787/").token == "wkt_far"
    assert connection.find("https://other:8787").token == ""
    assert connection.find("http://far:8787").token == ""


def test_a_token_that_is_handed_in_comes_first() -> None:
    login.keep("https://far:8787", "wkt_far", "")
    assert connection.find("", "wkt_mine").token == "wkt_mine"


def test_the_login_file_is_for_its_owner_alone() -> None:
    login.keep("https://far:8787", 'wkt_"quoted"\\', "")
    assert stat.S_IMODE(places.login_file().stat().st_mode) == 0o600
    assert connection.find().token == 'wkt_"quoted"\\'


def test_a_damaged_login_file_is_named() -> None:
    places.login_file().parent.mkdir(parents=True)
    places.login_file().write_text("hub = oops")
    with pytest.raises(SettingsError, match=r"cli\.toml"):
        connection.find()
