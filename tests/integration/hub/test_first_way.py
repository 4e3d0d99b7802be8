"""The way of one value: posted by an agent, committed, receipted, and read back over the API."""

from __future__ import annotations

import time
from pathlib import Path

from tests.integration.hub.posting import Sender
from tests.support.processes import start_hub


def test_a_posted_report_is_receipted_and_can_be_queried(tmp_path: Path) -> None:
    with start_hub(tmp_path) as hub:
        host, token = hub.add_host("box", {"role": "web"})
        sender = Sender(hub.url, token)
        now = time.time()
        sealed = sender.seal(sender.schema_record(), sender.report([12.5, 40.0, float("nan")], now - 5))
        answer = sender.send(sealed)

        assert answer.status_code == 200, answer.text
        receipt = answer.json()
        assert receipt["through"] == 1
        assert receipt["ranges"] == [[1, 1]]
        assert receipt["check"] == int.from_bytes(sealed[8:12], "little")
        assert receipt["want_schemas"] == []

        shown = {entry["id"]: entry for entry in hub.get("/hosts")["hosts"]}[host]
        assert shown["status"] == "online"
        assert shown["now"]["cpu"] == 12.5
        assert shown["now"]["load"] is None
        found = hub.get("/query", host=host, series="cpu.percent", **{"from": now - 60, "to": now + 60})
        assert [value for value in found["series"][0]["mean"] if value is not None] == [12.5]


def test_the_first_start_makes_this_machine_a_host_with_a_token_for_its_agent(tmp_path: Path) -> None:
    with start_hub(tmp_path) as hub:
        token = (hub.data / "local-agent-token").read_text().strip()
        sender = Sender(hub.url, token)

        assert sender.send(sender.seal(sender.schema_record(), sender.report([1.0, 2.0, 3.0]))).status_code == 200
        assert [host["status"] for host in hub.get("/hosts")["hosts"]] == ["online"]
        assert (hub.data / "local-agent-token").stat().st_mode & 0o777 == 0o600
