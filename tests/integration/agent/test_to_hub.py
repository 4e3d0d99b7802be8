"""From this machine's /proc through a real agent to a real hub, over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.processes import start_agent, start_hub, wait_until


def test_a_host_is_online_with_its_figures_processes_facts_and_collectors(tmp_path: Path) -> None:
    with start_hub(tmp_path) as hub, start_agent(hub, tmp_path) as agent:
        host = wait_until(lambda: next((h for h in hub.get("/hosts")["hosts"] if h["status"] == "online"), None), 15)
        assert host["id"] == agent.host
        wait_until(lambda: hub.get(f"/hosts/{agent.host}")["now"].get("cpu") is not None, 10, "the second report")
        found = hub.get(f"/hosts/{agent.host}")
        assert found["facts"]["cores"] >= 1
        assert 0.0 < found["now"]["memory"] < 100.0
        table = wait_until(lambda: hub.get(f"/hosts/{agent.host}/processes"), 10)
        assert len(table["by_cpu"]) > 3
        rows = {row["name"]: row["state"] for row in hub.get(f"/hosts/{agent.host}/collectors")["collectors"]}
        assert rows["cpu"] == "running"
        names = {series["metric"] for series in hub.get(f"/hosts/{agent.host}/series")["series"]}
        assert {"cpu.percent", "memory.used", "disk.percent", "network.receive", "agent.memory"} <= names
        events = {event["type"]: event for event in hub.get(f"/hosts/{agent.host}/events")["events"]}
        assert events["agent.started"]["data"]["reason"] == "first start"


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_was_sampled_while_the_hub_was_away_arrives_later(tmp_path: Path, end: str) -> None:
    hub = start_hub(tmp_path)
    port = int(hub.url.rpartition(":")[2])
    with start_agent(hub, tmp_path) as agent:
        wait_until(lambda: hub.get(f"/hosts/{agent.host}")["status"] == "online", 15)
        getattr(hub, end)()
        wait_until(lambda: waiting(agent.data) >= 3, 15, "reports in the spool")
        with start_hub(tmp_path, port=port):
            wait_until(lambda: waiting(agent.data) <= 1, 60, "an empty spool")
        agent.stop()


def waiting(data: Path) -> int:
    """Batches that the agent says the hub has not got."""
    import json

    return int(json.loads((data / "status.json").read_text())["spool"]["batches"])
