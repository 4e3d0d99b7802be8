"""What docs/howto/watch-a-second-machine.md tells people to type."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.integration.cli.conftest import Up
from tests.support.processes import Process, clean_environment, wait_until


def test_what_hosts_add_prints_makes_a_second_machine_report(up: Up, tmp_path: Path) -> None:
    agent = tmp_path / "wk-agent.pyz"
    subprocess.run([sys.executable, "-m", "watchkeeper.agent.archive", str(agent)], check=True, timeout=60)
    printed = up.wk.out("hosts", "add", "web-1")
    command = re.search(
        r"^ +(WK_AGENT_HUB=(\S+) WK_AGENT_TOKEN=(\S+)) python3 wk-agent\.pyz run$", printed, re.MULTILINE
    )
    assert command, printed
    data = tmp_path / "spool"
    env = clean_environment(
        {"WK_AGENT_HUB": command[2], "WK_AGENT_TOKEN": command[3], "WK_AGENT_DATA": str(data), "WK_AGENT_INTERVAL": "1"}
    )
    with Process([sys.executable, "-I", "-S", str(agent), "run"], tmp_path / "agent.log", env) as second:

        def online() -> bool:
            assert second.alive, second.output()
            hosts = {host["name"]: host["status"] for host in up.wk.json("hosts", "list")["hosts"]}
            return hosts == {up.host: "online", "web-1": "online"}

        wait_until(online, 30, "both machines online")
        told = up.wk("query", "cpu.percent", status=2).stderr
        assert "name one with --host" in told
        assert up.wk.json("query", "cpu.percent", "--host", "web-1", "--from", "-1m")["range"]["series"]
    up.wk("hosts", "remove", "web-1", "--yes")
