"""A hub and an agent that `wk up` started, and `wk` as a person types it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.processes import clean_environment, free_port


class Wk:
    """Runs `wk` with a data folder and a home of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.data = folder / "data"
        self.url = f"http://127.0.0.1:{port}"
        self.env = clean_environment(
            {
                "WK_DATA": str(self.data),
                "WK_HUB_LISTEN": f"127.0.0.1:{port}",
                "WK_AGENT_INTERVAL": "1",
                "XDG_CONFIG_HOME": str(folder / "config"),
            }
        )

    def __call__(
        self, *words: str, status: int = 0, env: Mapping[str, str] | None = None, typed: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run one command line, which must exit with `status`."""
        done = subprocess.run(
            [sys.executable, "-m", "watchkeeper.cli", *words],
            env={**self.env, **(env or {})},
            input=typed,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == status, f"wk {' '.join(words)} → {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def out(self, *words: str) -> str:
        """What a successful command prints."""
        return self(*words).stdout

    def json(self, *words: str) -> Any:
        """What a successful command prints with --json."""
        return json.loads(self.out(*words, "--json"))


class Up(NamedTuple):
    """A hub and an agent that run: `password` is that of the first admin, `host` this machine's name at the hub."""

    wk: Wk
    password: str
    host: str


@pytest.fixture(scope="package")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    wk = Wk(tmp_path_factory.mktemp("wk"), free_port())
    try:
        started = wk.json("up")
        (host,) = wk.json("hosts", "list")["hosts"]
        yield Up(wk, started["password"], host["name"])
    finally:
        wk("down")


@pytest.fixture
def alone(tmp_path: Path) -> Wk:
    """`wk` where nothing runs."""
    return Wk(tmp_path, free_port())
