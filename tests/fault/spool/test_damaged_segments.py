"""Segments that were torn or flipped anywhere: what is left is sent, the rest is named, nothing is wiped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.faulty_files import HastyFiles
from tests.support.small_hub import SmallHub
from watchkeeper.base.clock import SteppedClock
from watchkeeper.uplink.spool import Spool
from watchkeeper.wire import records
from watchkeeper.wire.frames import METRICS, URGENT


def fill(folder: Path, batches: int = 4, lane: int = METRICS, close: bool = True) -> dict[tuple[bytes, int], bytes]:
    spool = Spool(str(folder), clock=SteppedClock())
    held = {}
    for number in range(batches):
        payload = b'{"time":%d,"n":"%s"}' % (number, b"y" * (number * 7))
        held[spool.append(lane, [records.pack(records.EVENT, payload)])] = payload
    spool.sync()
    if close:
        spool.close()
    else:
        spool._unlock()
    return held


def drain(folder: Path) -> SmallHub:
    hub = SmallHub()
    spool = Spool(str(folder), clock=SteppedClock(), files=HastyFiles())
    while (post := spool.next_post()) is not None:
        spool.accept(hub.take(post.body))
    spool.settle(hub.incarnation)
    assert spool.stats()["batches"] == 0
    spool.close()
    return hub


def account(hub: SmallHub, held: dict[tuple[bytes, int], bytes]) -> tuple[int, int]:
    """How many batches arrived and how many are named as lost; fails when one is neither."""
    arrived = {(stream, seq): payload for stream, seq, _, payload in hub.stored}
    named = 0
    for (stream, seq), payload in held.items():
        if (stream, seq) in arrived:
            assert arrived[stream, seq] == payload
        else:
            assert seq in hub.lost.get(stream, ()), f"batch {seq} is lost in silence"
            named += 1
    return len(held) - named, named


def segment(folder: Path, lane: str = "metrics") -> Path:
    (path,) = (folder / lane).glob("*.seg")
    return path


def test_a_segment_torn_at_any_byte_loses_nothing_unnamed(tmp_path: Path) -> None:
    held = fill(tmp_path / "whole")
    size = segment(tmp_path / "whole").stat().st_size
    for length in range(size):
        folder = tmp_path / "torn"
        shutil.copytree(tmp_path / "whole", folder)
        with segment(folder).open("r+b") as file:
            file.truncate(length)
        account(drain(folder), held)
        shutil.rmtree(folder)


def test_a_segment_torn_at_any_byte_without_a_ledger_names_the_torn_batch(tmp_path: Path) -> None:
    held = fill(tmp_path / "whole", close=False)
    assert not (tmp_path / "whole" / "ledger").exists() or (tmp_path / "whole" / "ledger").unlink() is None
    whole = segment(tmp_path / "whole").read_bytes()
    starts = [at for at in range(len(whole)) if whole[at : at + 4] == b"WKf1"]
    for length in range(64, len(whole)):
        folder = tmp_path / "torn"
        shutil.copytree(tmp_path / "whole", folder)
        segment(folder).write_bytes(whole[:length])
        hub = drain(folder)
        intact = sum(1 for at in [*starts[1:], len(whole)] if at <= length)
        arrived = {(stream, seq) for stream, seq, _, _ in hub.stored}
        names = sorted(held, key=lambda name: name[1])
        assert [name for name in names if name in arrived] == names[:intact]
        if length not in starts:
            stream, seq = names[intact]
            assert seq in hub.lost[stream], f"the batch that was torn at {length} is not named"
        shutil.rmtree(folder)


@pytest.mark.parametrize("mask", [0x01, 0x80])
@pytest.mark.parametrize("with_ledger", [True, False])
def test_a_bit_flipped_at_any_byte_costs_at_most_one_batch(tmp_path: Path, mask: int, with_ledger: bool) -> None:
    held = fill(tmp_path / "whole")
    if not with_ledger:
        (tmp_path / "whole" / "ledger").unlink()
    whole = segment(tmp_path / "whole").read_bytes()
    for at in range(len(whole)):
        folder = tmp_path / "flipped"
        shutil.copytree(tmp_path / "whole", folder)
        segment(folder).write_bytes(whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :])
        arrived, named = account(drain(folder), held)
        assert (arrived, named) == ((len(held), 0) if at < 64 else (len(held) - 1, 1)), f"flipped at {at}"
        assert list((folder / "damaged").iterdir()), "the damaged bytes are kept"
        shutil.rmtree(folder)


def test_a_flip_while_the_spool_is_open_is_found_when_the_batch_is_sent(tmp_path: Path) -> None:
    held = {}
    spool = Spool(str(tmp_path), clock=SteppedClock())
    for number in range(5):
        payload = b'{"time":%d}' % number
        held[spool.append(METRICS, [records.pack(records.EVENT, payload)])] = payload
    spool.sync()
    path = segment(tmp_path)
    data = bytearray(path.read_bytes())
    data[-25] ^= 4
    path.write_bytes(bytes(data))
    hub = SmallHub()
    payload = b'{"time":9}'
    held[spool.append(METRICS, [records.pack(records.EVENT, payload)])] = payload
    spool.sync()
    while (post := spool.next_post()) is not None:
        spool.accept(hub.take(post.body))
    assert account(hub, held) == (5, 1)
    assert hub.gaps[0]["reason"] == "damaged"
    spool.close()


def test_a_second_opening_finds_the_damage_mended(tmp_path: Path) -> None:
    fill(tmp_path)
    path = segment(tmp_path)
    data = bytearray(path.read_bytes())
    data[120] ^= 1
    path.write_bytes(bytes(data))
    Spool(str(tmp_path)).close()
    kept = sorted(entry.name for entry in (tmp_path / "damaged").iterdir())
    again = Spool(str(tmp_path))
    assert sorted(entry.name for entry in (tmp_path / "damaged").iterdir()) == kept
    assert again.stats()["lost_batches"] == 1
    again.close()


def test_a_lost_gap_is_declared_again(tmp_path: Path) -> None:
    """The urgent batch that named a loss is damaged before the hub had it."""
    held = fill(tmp_path)
    path = segment(tmp_path)
    path.write_bytes(path.read_bytes()[:70])
    Spool(str(tmp_path)).close()
    urgent = segment(tmp_path, "urgent")
    urgent.write_bytes(urgent.read_bytes()[:-3])
    assert account(drain(tmp_path), held) == (0, 4)


def test_a_segment_that_was_deleted_is_named(tmp_path: Path) -> None:
    held = fill(tmp_path)
    segment(tmp_path).unlink()
    assert account(drain(tmp_path), held) == (0, 4)


def test_a_file_that_nobody_can_place_is_moved_aside_and_told(tmp_path: Path) -> None:
    held = fill(tmp_path, lane=URGENT)
    (tmp_path / "urgent" / "notes.txt").write_text("not a segment at all")
    hub = drain(tmp_path)
    assert account(hub, held) == (4, 0)
    assert (tmp_path / "damaged" / "urgent-notes.txt").read_text() == "not a segment at all"
    assert any(b"spool.damaged" in payload for payload in hub.payloads())


def test_a_damaged_ledger_costs_duplicates_and_nothing_else(tmp_path: Path) -> None:
    held = fill(tmp_path)
    hub = drain(tmp_path)
    whole = (tmp_path / "ledger").read_bytes()
    for at in range(0, len(whole), 7):
        (tmp_path / "ledger").write_bytes(whole[:at] + bytes([whole[at] ^ 2]) + whole[at + 1 :])
        spool = Spool(str(tmp_path), clock=SteppedClock())
        while (post := spool.next_post()) is not None:
            spool.accept(hub.take(post.body))
        spool.close()
        assert account(hub, held) == (4, 0)
    assert not hub.lost
