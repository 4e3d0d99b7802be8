"""Starts the hub and the agent as real processes on free ports, and ends them by process id.

    with start_hub(tmp_path) as hub, start_agent(hub, tmp_path) as agent:
        wait_until(lambda: hub.get("/hosts")["hosts"][0]["status"] == "online", 10)

Whatever a test leaves running is killed when the test run ends.
"""

from __future__ import annotations

import atexit
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Self, TypeVar

import httpx

T = TypeVar("T")

RUN_HUB = "from watchkeeper.base import settings; from watchkeeper.hub import app; app.run(settings.load())"
ADMIN_PASSWORD = re.compile(r"password\W+(\S+)", re.IGNORECASE)

_running: list[Process] = []


def free_port() -> int:
    """A TCP port on loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(predicate: Callable[[], T], seconds: float, what: str = "") -> T:
    """Poll `predicate` until it answers something true and give that; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = predicate()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what or 'what was awaited'} did not come true within {seconds:g} s: {answer!r}")
        time.sleep(0.02)


def clean_environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process' environment without any WK_ variable, plus `changes`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WK_")}
    return {**kept, **(changes or {})}


class Process:
    """A process whose output goes to the file `log`."""

    def __init__(self, command: list[str], log: Path, env: Mapping[str, str]) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        self._file: IO[bytes] = log.open("ab")
        self.popen = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._file, stderr=self._file, env=dict(env)
        )
        _running.append(self)

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def output(self) -> str:
        """All that the process has printed."""
        return self.log.read_text(errors="replace")

    def stop(self, seconds: float = 15.0) -> int:
        """Ask it to end (SIGTERM) and give its exit status; fail when it does not end within `seconds`."""
        if self.alive:
            self.popen.terminate()
        try:
            return self._ended(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end within {seconds:g} s of SIGTERM:\n{self.output()[-4000:]}") from None

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        if self.alive:
            self.popen.send_signal(signal.SIGKILL)
        self._ended(10.0)

    def _ended(self, seconds: float) -> int:
        status = self.popen.wait(seconds)
        self._file.close()
        if self in _running:
            _running.remove(self)
        return status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.alive:
            self.stop()
        else:
            self._ended(1.0)


class HubProcess(Process):
    """A running hub: `url`, `data` (its folder), `token` (an API token of an admin), `admin_password`."""

    def __init__(self, command: list[str], log: Path, env: Mapping[str, str], url: str, data: Path) -> None:
        super().__init__(command, log, env)
        self.url = url
        self.data = data

    @property
    def token(self) -> str:
        return (self.data / "local-token").read_text().strip()

    @property
    def admin_password(self) -> str:
        """The password that the very first start printed."""
        found = ADMIN_PASSWORD.search(self.output())
        assert found, f"no first password in the hub's output:\n{self.output()[-4000:]}"
        return found.group(1)

    def request(self, method: str, path: str, json: object = None, **params: Any) -> httpx.Response:
        """One call under /api/v1 with the hub's own token."""
        return httpx.request(
            method,
            f"{self.url}/api/v1{path}",
            json=json,
            params=params or None,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=10.0,
        )

    def get(self, path: str, **params: Any) -> Any:
        """The JSON that a successful GET answers."""
        return self.request("GET", path, **params).raise_for_status().json()

    def add_host(self, name: str, tags: Mapping[str, str] | None = None) -> tuple[str, str]:
        """Make a host known; gives its id and the agent's token."""
        answer = self.request("POST", "/hosts", json={"name": name, "tags": dict(tags or {})}).raise_for_status().json()
        return answer["host"]["id"], answer["token"]

    def is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=5.0).status_code == 200
        except httpx.TransportError:
            return False


class AgentProcess(Process):
    """A running agent: `data` (its folder), `host` (its id at the hub), `token`."""

    def __init__(
        self, command: list[str], log: Path, env: Mapping[str, str], *, data: Path, host: str, token: str
    ) -> None:
        super().__init__(command, log, env)
        self.data = data
        self.host = host
        self.token = token


def start_hub(
    tmp_path: Path, port: int | None = None, env: Mapping[str, str] | None = None, seconds: float = 30.0
) -> HubProcess:
    """A hub with its data in `tmp_path`/hub that answers /health when this returns.

    Call it again with the same `tmp_path` and `port` to start the same hub anew.
    """
    port = port or free_port()
    data = tmp_path / "hub"
    environment = clean_environment({"WK_HUB_LISTEN": f"127.0.0.1:{port}", "WK_HUB_DATA": str(data), **(env or {})})
    command = [sys.executable, "-c", RUN_HUB]
    hub = HubProcess(command, tmp_path / "hub.log", environment, f"http://127.0.0.1:{port}", data)
    try:
        wait_until(lambda: not hub.alive or hub.is_healthy(), seconds, "the hub's /health")
        assert hub.alive, f"the hub ended at once:\n{hub.output()[-4000:]}"
    except BaseException:
        hub.kill()
        raise
    return hub


def start_agent(
    hub: HubProcess | None,
    tmp_path: Path,
    *,
    name: str = "box",
    interval: float = 1.0,
    env: Mapping[str, str] | None = None,
    token: str = "",
    host: str = "",
) -> AgentProcess:
    """An agent with its spool in `tmp_path`/`name` that reports to `hub` every `interval` seconds.

    Without `token` the host `name` is made at the hub. To start the same agent anew, hand in the `token` and `host` of
    the first; `hub` may then be None if `env` says where it is.
    """
    if not token:
        assert hub is not None, "a new host needs a hub to be made at"
        host, token = hub.add_host(name)
    data = tmp_path / name
    environment = clean_environment(
        {
            **({"WK_AGENT_HUB": hub.url} if hub else {}),
            "WK_AGENT_TOKEN": token,
            "WK_AGENT_DATA": str(data),
            "WK_AGENT_INTERVAL": f"{interval:g}",
            **(env or {}),
        }
    )
    command = [sys.executable, "-m", "watchkeeper.agent"]
    return AgentProcess(command, tmp_path / f"{name}.log", environment, data=data, host=host, token=token)


@atexit.register
def _kill_what_is_left() -> None:
    for process in list(_running):
        process.kill()
