"""Opening what may be new, damaged, older than it was, or of another version."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.contract.records.feed import NOW, Feed, report
from watchkeeper.base.clock import SteppedClock
from watchkeeper.base.errors import StorageError
from watchkeeper.hub.storage.embedded.store import EmbeddedRecordStore


def open_store(folder: Path) -> EmbeddedRecordStore:
    return EmbeddedRecordStore(folder, SteppedClock(NOW), housekeeping=False)


def fill(folder: Path, reports: int = 50) -> str:
    """A store with some reports; its incarnation."""
    store = open_store(folder)
    feed = Feed(store)
    if not feed.ranges.last:
        feed.schema()
    for at in range(reports):
        feed.send([report(NOW + at, [at, at, at])])
    store.close()
    return store.incarnation


def count(folder: Path) -> int:
    store = open_store(folder)
    found = len(store.ledger(1, 0, 4e9))
    store.close()
    return found


@pytest.mark.parametrize("offset", [0, 20, 4096, 4100, 8192])
def test_a_damaged_database_is_moved_aside_and_never_deleted(tmp_path: Path, offset: int) -> None:
    before = fill(tmp_path)
    database = tmp_path / "records.db"
    data = bytearray(database.read_bytes())
    data[offset : offset + 600] = b"\xa5" * 600
    database.write_bytes(data)
    store = open_store(tmp_path)
    notices = store.notices()
    assert store.incarnation != before
    assert store.ledger(1, 0, 4e9) == []
    store.close()
    (aside,) = [
        path for path in tmp_path.iterdir() if ".damaged-" in path.name and not path.name.endswith(("wal", "shm"))
    ]
    assert aside.read_bytes() == bytes(data)
    assert aside.name in notices[0].text
    assert "restore" in notices[0].hint


def test_an_older_copy_put_in_place_is_a_new_incarnation(tmp_path: Path) -> None:
    before = fill(tmp_path / "hub")
    shutil.copy(tmp_path / "hub/records.db", tmp_path / "copy.db")
    assert fill(tmp_path / "hub") == before
    shutil.copy(tmp_path / "copy.db", tmp_path / "hub/records.db")
    restored = open_store(tmp_path / "hub")
    after = restored.incarnation
    assert after != before
    assert len(restored.ledger(1, 0, 4e9)) == 50
    restored.close()
    assert open_and_close(tmp_path / "hub") == after


def open_and_close(folder: Path) -> str:
    store = open_store(folder)
    store.close()
    return store.incarnation


def test_a_copy_without_its_note_is_a_new_incarnation(tmp_path: Path) -> None:
    before = fill(tmp_path)
    (tmp_path / "records.commits").unlink()
    assert open_and_close(tmp_path) != before


def test_a_backup_taken_during_ingest_opens_with_what_was_committed(tmp_path: Path) -> None:
    store = open_store(tmp_path / "hub")
    feed = Feed(store)
    feed.schema()
    for at in range(30):
        feed.send([report(NOW + at, [at, at, at])])
        if at == 10:
            store.compact_now()
    (tmp_path / "restored").mkdir()
    store.backup(str(tmp_path / "restored/records.db"))
    feed.send([report(NOW + 99, [1, 2, 3])])
    before = store.incarnation
    store.close()
    assert count(tmp_path / "restored") == 30
    assert open_and_close(tmp_path / "restored") != before


def test_a_backup_to_nowhere_is_a_storage_error(tmp_path: Path) -> None:
    store = open_store(tmp_path / "hub")
    with pytest.raises(StorageError, match="backup"):
        store.backup(str(tmp_path / "none/records.db"))
    store.close()


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    fill(tmp_path)
    db = sqlite3.connect(tmp_path / "records.db")
    db.execute("UPDATE meta SET value = 999 WHERE name = 'format'")
    db.commit()
    db.close()
    with pytest.raises(StorageError, match="newer version"):
        open_store(tmp_path)
    assert [path.name for path in tmp_path.iterdir() if "damaged" in path.name] == []


def test_the_database_is_for_its_owner_only(tmp_path: Path) -> None:
    fill(tmp_path)
    assert (tmp_path / "records.db").stat().st_mode & 0o077 == 0


def test_a_full_disk_is_an_error_that_leaves_the_store_usable(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    feed = Feed(store)
    feed.schema()
    with store._writer.alone("limiting the size") as db:
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count={pages}").fetchall()
    saved = feed.ranges.copy()
    with pytest.raises(StorageError, match="full") as caught:
        feed.send([report(NOW + at, [at] * 3) for at in range(5000)])
    assert caught.value.retryable
    assert "free some disk space" in caught.value.hint
    with store._writer.alone("lifting the limit") as db:
        db.execute("PRAGMA max_page_count=1000000").fetchall()
    feed.ranges = saved
    feed.send([report(NOW + at, [at] * 3) for at in range(5000)])
    assert len(store.ledger(1, 0, 4e9)) == 5000
    store.close()


def test_damage_met_while_running_is_checked_for_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, 1000)
    monkeypatch.setattr("watchkeeper.hub.storage.embedded.opening.CHECKED_BYTES", 0)
    database = tmp_path / "records.db"
    data = bytearray(database.read_bytes())
    store = open_store(tmp_path)
    for page in range(30, len(data) // 4096):
        data[page * 4096 : page * 4096 + 100] = b"\xa5" * 100
    database.write_bytes(data)
    # A second connection, which has none of the sound pages in its cache.
    with store._readers.snapshot("holding the first"), pytest.raises(StorageError, match="malformed"):
        store.ledger(1, 0, 4e9)
    store.close()
    again = open_store(tmp_path)
    assert "moved" in again.notices()[0].text
    again.close()
