"""The hub is killed, restarted, damaged: what it acknowledged is there afterwards, or it says what happened."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

from tests.integration.hub.posting import Sender
from tests.support.processes import HubProcess, clean_environment, free_port, start_hub, wait_until
from watchkeeper.wire import frames, records


def test_everything_that_was_acknowledged_survives_kill_9_and_is_there_once(tmp_path: Path) -> None:
    port = free_port()
    chance = random.Random(4)
    hub = start_hub(tmp_path, port)
    _, token = hub.add_host("box")
    sender = Sender(hub.url, token)
    sealed = [sender.seal(sender.schema_record(), sender.report([0.0, 0.0, 0.0]))]
    sealed += [sender.seal(sender.report([float(n), 1.0, 2.0])) for n in range(1, 400)]
    at = 0
    for _ in range(4):
        killer = threading.Timer(0.05 + 0.4 * chance.random(), hub.kill)
        killer.start()
        while at < len(sealed):
            try:
                answer = sender.send(sealed[at])
            except httpx.TransportError:
                break
            assert answer.status_code == 200
            at = answer.json()["through"]
        killer.join()
        hub = start_hub(tmp_path, port)
        held = _through(sender)
        # Committed and not told is possible, told and not committed is not.
        assert held >= at
    with hub:
        while at < len(sealed):
            at = sender.send(sealed[at]).json()["through"]
        host = hub.get("/hosts/box")
        counts = hub.get("/hosts/box/completeness", **{"from": time.time() - 600, "to": time.time() + 600})

        assert sum(counts["received"]) == len(sealed)
        assert counts["gaps"] == []
        assert host["now"]["cpu"] == 399.0


def _through(sender: Sender) -> int:
    answer = sender.post("receipts", b'{"streams": ["%s"]}' % sender.stream.hex().encode())
    return int(answer.json()["receipts"][0]["through"])


def test_the_live_state_is_rebuilt_at_start(tmp_path: Path) -> None:
    port = free_port()
    with start_hub(tmp_path, port) as hub:
        _, token = hub.add_host("box", {"role": "db"})
        sender = Sender(hub.url, token)
        inventory = Sender(hub.url, token, frames.INVENTORY)
        inventory.send(
            inventory.seal(
                inventory.snapshot("facts", {"os": "Debian 12", "agent": {"version": "0.1.0"}, "interval": 5.0}),
                inventory.snapshot("collectors", {"collectors": [{"name": "cpu", "state": "running"}]}),
            )
        )
        table = {"count": 3, "by_cpu": [{"pid": 1, "name": "init"}], "by_memory": []}
        sender.send(
            sender.seal(sender.schema_record(), sender.report([33.0, 44.0, 5.0]), sender.snapshot("processes", table))
        )
        before = hub.get("/hosts/box")
    with start_hub(tmp_path, port) as hub:
        after = hub.get("/hosts/box")
        processes = hub.get("/hosts/box/processes")
        collectors = hub.get("/hosts/box/collectors")

    for field in ("id", "tags", "now", "facts", "agent", "interval", "last_report"):
        assert after[field] == before[field]
    assert before["now"]["cpu"] == 33.0
    assert before["facts"]["os"] == "Debian 12"
    assert processes["by_cpu"] == [{"pid": 1, "name": "init"}]
    assert collectors["collectors"][0]["name"] == "cpu"


def test_a_stop_answers_what_was_taken_and_ends_within_five_seconds(tmp_path: Path) -> None:
    with start_hub(tmp_path) as hub:
        headers = {"Authorization": f"Bearer {hub.token}"}
        with httpx.stream("GET", f"{hub.url}/api/v1/live", headers=headers, timeout=10) as stream:
            lines = stream.iter_lines()
            assert next(lines) == "event: fleet"
            begin = time.monotonic()
            status = hub.stop()
            assert time.monotonic() - begin < 5
            assert status == 0
            for _ in lines:
                pass


def test_a_second_hub_on_the_same_data_or_port_is_refused_in_words(tmp_path: Path) -> None:
    import subprocess
    import sys

    from tests.support.processes import clean_environment

    with start_hub(tmp_path) as hub:
        port = hub.url.rsplit(":", 1)[1]
        for data, listen, words in (
            (str(hub.data), f"127.0.0.1:{free_port()}", "another hub works in"),
            (str(tmp_path / "other"), f"127.0.0.1:{port}", "is taken by another program"),
            (str(tmp_path / "other"), f"0.0.0.0:{free_port()}", "hub.tls_cert"),
        ):
            env = clean_environment({"WK_HUB_DATA": data, "WK_HUB_LISTEN": listen})
            command = [sys.executable, "-m", "watchkeeper.hub"]
            done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)
            assert done.returncode != 0
            assert words in done.stderr
            assert "Traceback" not in done.stderr


def test_a_damaged_state_database_is_moved_aside_and_its_copy_takes_its_place(tmp_path: Path) -> None:
    port = free_port()
    with start_hub(tmp_path, port) as hub:
        hub.add_host("kept")
    with start_hub(tmp_path, port):
        pass
    state = tmp_path / "hub" / "state.db"
    damaged = b"this is no database " * 1000
    state.write_bytes(damaged)
    with start_hub(tmp_path, port) as hub:
        notices = hub.get("/hub")["notices"]
        names = [host["name"] for host in hub.get("/hosts")["hosts"]]

    aside = [path for path in state.parent.iterdir() if path.name.startswith("state.db.damaged-")]
    assert [path.read_bytes() for path in aside if not path.name.endswith(("-wal", "-shm"))] == [damaged]
    assert "kept" in names
    assert any("To restore" in notice["text"] for notice in notices)


def test_a_damaged_record_database_is_moved_aside_and_the_hub_takes_posts(tmp_path: Path) -> None:
    port = free_port()
    with start_hub(tmp_path, port) as hub:
        _, token = hub.add_host("box")
        sender = Sender(hub.url, token)
        first = sender.send(sender.seal(sender.schema_record(), sender.report([1.0, 2.0, 3.0]))).json()
    records_db = tmp_path / "hub" / "records.db"
    damaged = b"\xff" * 8192
    records_db.write_bytes(damaged)
    for suffix in ("-wal", "-shm"):
        Path(f"{records_db}{suffix}").unlink(missing_ok=True)
    with start_hub(tmp_path, port) as hub:
        again = sender.send(sender.seal(sender.report([4.0, 5.0, 6.0]))).json()
        notices = hub.get("/hub")["notices"]

    assert any(path.read_bytes() == damaged for path in records_db.parent.iterdir() if "records" in path.name)
    assert again["incarnation"] != first["incarnation"]
    assert again["through"] == 0
    assert again["ranges"] == [[2, 2]]
    assert again["want_schemas"] == [sender.schema]
    assert notices


def test_a_deleted_host_and_its_token_and_data_are_gone_for_good(tmp_path: Path) -> None:
    port = free_port()
    with start_hub(tmp_path, port) as hub:
        host, token = hub.add_host("gone")
        sender = Sender(hub.url, token)
        sender.send(sender.seal(sender.schema_record(), sender.report([1.0, 2.0, 3.0])))
        wrong = hub.request("DELETE", f"/hosts/{host}", json={"name": "gon"})
        right = hub.request("DELETE", f"/hosts/{host}", json={"name": "gone"})
        refused = sender.send(sender.seal(sender.report([1.0, 2.0, 3.0])))
        _, other = hub.add_host("gone")
        fresh = hub.get("/hosts/gone/series")["series"]

    assert wrong.status_code == 422
    assert right.status_code == 204
    assert refused.status_code == 401
    assert other != token
    assert fresh == []
    with start_hub(tmp_path, port) as hub:
        assert hub.request("GET", f"/hosts/{host}").status_code == 404


def test_a_sender_that_was_rolled_back_can_tell_by_the_check_of_the_receipt(tmp_path: Path) -> None:
    with start_hub(tmp_path) as hub:
        _, token = hub.add_host("box")
        sender = Sender(hub.url, token)
        sealed = [sender.seal(sender.event("one", {"n": n})) for n in range(3)]
        sender.send(*sealed)
        twin = frames.seal(3, 1, records.pack_json(records.EVENT, {"type": "two", "time": 1.0, "data": {}}))
        receipt = sender.send(twin).json()

        assert receipt["through"] == 3
        assert receipt["check"] == int.from_bytes(sealed[2][8:12], "little")
        assert receipt["check"] != int.from_bytes(twin[8:12], "little")


def _status(hub: HubProcess, name: str) -> str:
    return str(hub.get(f"/hosts/{name}")["status"])


def test_a_host_that_falls_silent_becomes_late_and_then_offline(tmp_path: Path) -> None:
    with start_hub(tmp_path, env={"WK_HUB_OFFLINE_AFTER": "5"}) as hub:
        _, token = hub.add_host("box")
        assert _status(hub, "box") == "never"
        sender = Sender(hub.url, token)
        inventory = Sender(hub.url, token, frames.INVENTORY)
        inventory.send(inventory.seal(inventory.snapshot("facts", {"interval": 1.0})))
        sender.send(sender.seal(sender.schema_record(), sender.report([1.0, 2.0, 3.0])))
        assert _status(hub, "box") == "online"
        wait_until(lambda: _status(hub, "box") == "late", 8, "late")
        wait_until(lambda: _status(hub, "box") == "offline", 8, "offline")
        sender.send(sender.seal(sender.report([1.0, 2.0, 3.0])))
        assert _status(hub, "box") == "online"


def test_a_hub_that_starts_on_a_full_disk_says_so_in_a_line_and_ends(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "watchkeeper.hub"],
        env=clean_environment({"WK_HUB_DATA": str(tmp_path / "hub"), "WK_HUB_LISTEN": f"127.0.0.1:{free_port()}"}),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "state.db: the tables could not be brought up to date" in done.stderr
    assert "is the folder writable and the disk not full?" in done.stderr
