"""Backup, restore and passwords, on a hub that runs and on one that does not."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Wk


@pytest.fixture
def wk(alone: Wk) -> Iterator[Wk]:
    yield alone
    alone("down")


def test_a_backup_of_a_running_hub_brings_back_what_it_held(wk: Wk, tmp_path: Path) -> None:
    wk("up", "--no-agent")
    wk("hosts", "add", "before")
    copy = tmp_path / "copy"
    wk("hub", "backup", str(copy))
    assert {stat.S_IMODE(path.stat().st_mode) for path in copy.iterdir()} == {0o600}
    wk("hosts", "add", "after")
    assert "wk down stops it" in wk("hub", "restore", str(copy), "--yes", status=6).stderr
    wk("down")
    wk("hub", "restore", str(copy), status=2, typed="no\n")
    told = wk("hub", "restore", str(copy), typed="restore\n").stdout
    aside = next(wk.data.glob("hub/replaced-*"))
    assert str(aside) in told
    assert (aside / "state.db").exists()
    wk("up", "--no-agent")
    names = [host["name"] for host in wk.json("hosts", "list")["hosts"]]
    assert "before" in names
    assert "after" not in names


def test_a_backup_never_overwrites(wk: Wk, tmp_path: Path) -> None:
    wk("up", "--no-agent")
    assert "exists already" in wk("hub", "backup", str(tmp_path), status=6).stderr


def test_without_a_hub_there_is_nothing_to_copy(alone: Wk, tmp_path: Path) -> None:
    alone("hub", "backup", str(tmp_path / "copy"), status=4)
    assert not (tmp_path / "copy").exists()


def test_a_damaged_or_partial_backup_is_refused_and_nothing_is_touched(wk: Wk, tmp_path: Path) -> None:
    wk("up", "--no-agent")
    copy = tmp_path / "copy"
    wk("hub", "backup", str(copy))
    wk("down")
    before = (wk.data / "hub" / "state.db").read_bytes()
    with (copy / "state.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)
    assert wk("hub", "restore", str(copy), "--yes", status=1).stderr
    (copy / "records.db").unlink()
    assert "records.db" in wk("hub", "restore", str(copy), "--yes", status=4).stderr
    assert (wk.data / "hub" / "state.db").read_bytes() == before
    assert not list(wk.data.glob("hub/replaced-*"))


def test_a_new_password_lets_its_user_in_and_the_old_one_does_not(wk: Wk) -> None:
    old = wk.json("up", "--no-agent")["password"]
    assert "wk down stops it" in wk("hub", "password", status=6).stderr
    wk("down")
    assert "admin" in wk("hub", "password", "--user", "nobody", status=4).stderr
    fresh = wk.json("hub", "password")["password"]
    assert wk.json("up", "--no-agent")["password"] is None
    wk("login", "--hub", wk.url, "--password-stdin", typed=old + "\n", status=5)
    wk("login", "--hub", wk.url, "--password-stdin", typed=fresh + "\n")


def test_a_copy_is_a_whole_database_in_one_file(wk: Wk, tmp_path: Path) -> None:
    wk("up", "--no-agent")
    copy = tmp_path / "copy"
    wk("hub", "backup", str(copy))
    assert sorted(path.name for path in copy.iterdir()) == ["backup.json", "records.db", "state.db"]
    database = sqlite3.connect(f"{(copy / 'records.db').as_uri()}?mode=ro", uri=True)
    try:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        database.close()
