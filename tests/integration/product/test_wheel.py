"""The wheel, installed where nothing else is: it brings pages, agent and command line along."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.support.processes import Process, clean_environment, free_port, wait_until

ROOT = Path(__file__).parents[3]


def run(*command: str | Path, env: dict[str, str] | None = None, cwd: Path = ROOT) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(
        words, env=env or clean_environment(), cwd=cwd, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert (ROOT / "src/watchkeeper/hub/static/index.html").is_file(), "the pages are not built: make web"
    target = tmp_path_factory.mktemp("wheel")
    uv = Path(sys.executable).with_name("uv")
    run(
        uv, "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir", target, ROOT
    )
    (found,) = target.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel and the pinned packages; gives its bin folder."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    uv = Path(sys.executable).with_name("uv")
    python = folder / "bin" / "python"
    run(uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", ROOT / "requirements.txt")
    run(uv, "pip", "install", "--quiet", "--python", python, "--no-deps", wheel)
    return folder / "bin"


def test_the_wheel_brings_the_pages_and_the_agent(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert "watchkeeper/hub/static/index.html" in names
        assert any(name.startswith("watchkeeper/hub/static/assets/") and name.endswith(".js") for name in names)
        assert "watchkeeper/py.typed" in names
        assert not [name for name in names if name.startswith(("tests", "web", "bench", "tools"))]
        agent = tmp_path / "wk-agent.pyz"
        agent.write_bytes(archive.read("watchkeeper/hub/download/wk-agent.pyz"))
    assert agent.stat().st_size < 300 * 1024
    assert run(sys.executable, "-I", "-S", agent, "--version").strip()


def test_the_agent_as_one_file_imports_nothing_from_elsewhere(tmp_path: Path) -> None:
    agent = tmp_path / "wk-agent.pyz"
    run(sys.executable, "-m", "watchkeeper.agent.archive", agent)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import watchkeeper.agent.app, watchkeeper.agent.commands\n"
        "print('\\n'.join(sorted({name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names))))"
    )
    assert set(run(sys.executable, "-I", "-S", "-c", code, agent).split()) == {"__main__", "watchkeeper"}


def test_an_installed_wheel_runs_a_hub_with_pages_and_an_agent(installed: Path, tmp_path: Path) -> None:
    assert run(installed / "wk", "--version").startswith("watchkeeper ")
    env = clean_environment(
        {
            "WK_DATA": str(tmp_path / "data"),
            "WK_HUB_LISTEN": f"127.0.0.1:{free_port()}",
            "WK_AGENT_INTERVAL": "1",
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
        }
    )
    url = f"http://{env['WK_HUB_LISTEN']}"
    with Process([str(installed / "wk"), "hub", "run"], tmp_path / "hub.log", env) as hub:
        wait_until(lambda: not hub.alive or answers(url), 60, "the hub's page")
        assert hub.alive, hub.output()
        page = httpx.get(url)
        assert page.status_code == 200
        assert "<!doctype html>" in page.text.lower()
        with Process([str(installed / "wk"), "agent", "run"], tmp_path / "agent.log", env) as agent:
            listed = lambda: run(installed / "wk", "hosts", "list", env=env, cwd=tmp_path)  # noqa: E731
            wait_until(lambda: not agent.alive or "online" in listed(), 60, "the first report")
            assert agent.alive, agent.output()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5.0).is_success
    except httpx.TransportError:
        return False
