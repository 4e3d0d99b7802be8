"""The zip application: small, the same each time, of the standard library alone, on every Python from 3.9."""

from __future__ import annotations

import ast
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.processes import clean_environment, wait_until
from watchkeeper.agent.archive import build

# What would cost megabytes in a process that is to stay below twenty.
HEAVY = (
    "typing",
    "dataclasses",
    "inspect",
    "email",
    "http",
    "urllib",
    "asyncio",
    "sqlite3",
    "tempfile",
    "uuid",
    "argparse",
)


def pythons() -> list[str]:
    """Interpreters of this machine, one of each version from 3.9 on."""
    found: dict[str, str] = {}
    candidates = [sys.executable, *(f"/usr/bin/python3.{minor}" for minor in range(9, 16))]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates += [str(path) for path in sorted(pyenv.glob("versions/3.*/bin/python3"))]
    candidates += [path for minor in range(9, 16) if (path := shutil.which(f"python3.{minor}"))]
    for candidate in candidates:
        if Path(candidate).exists():
            ask = [candidate, "-I", "-S", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
            answer = subprocess.run(ask, capture_output=True, text=True, check=False)
            version = answer.stdout.strip()
            if version and tuple(map(int, version.split("."))) >= (3, 9):
                found.setdefault(version, candidate)
    return list(found.values())


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist") / "wk-agent.pyz"
    build(target)
    return target


def test_it_is_small_and_holds_the_agents_side_alone(archive: Path) -> None:
    assert archive.stat().st_size <= 300_000
    names = zipfile.ZipFile(archive).namelist()
    roots = {"/".join(name.split("/")[:2]) for name in names}
    assert roots == {
        "__main__.py",
        "watchkeeper/__init__.py",
        *(f"watchkeeper/{part}" for part in ("base", "wire", "uplink", "agent")),
    }
    assert "watchkeeper/agent/archive.py" not in names


def test_two_builds_are_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    build(tmp_path / "again.pyz")
    assert (tmp_path / "again.pyz").read_bytes() == archive.read_bytes()


def test_every_import_is_of_the_standard_library_or_our_own(archive: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        for name in file.namelist():
            for node in ast.walk(ast.parse(file.read(name))):
                modules: list[str] = []
                if isinstance(node, ast.Import):
                    modules = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom):
                    assert node.level == 0, f"{name} imports relatively"
                    modules = [node.module or ""]
                for module in modules:
                    root = module.split(".")[0]
                    assert root == "watchkeeper" or root in sys.stdlib_module_names, f"{name} imports {module}"
                    assert not module.startswith("watchkeeper.hub"), f"{name} imports {module}"


@pytest.mark.parametrize("python", pythons())
def test_help_and_version_on_each_python(archive: Path, python: str) -> None:
    for option, words in (("--help", "wk-agent run"), ("--version", "0.")):
        answer = subprocess.run([python, "-I", "-S", str(archive), option], capture_output=True, text=True, check=True)
        assert words in answer.stdout


@pytest.mark.parametrize("python", pythons())
def test_it_samples_and_ends_cleanly_on_each_python(archive: Path, python: str, tmp_path: Path) -> None:
    (tmp_path / "wk.toml").write_text('[agent]\ninterval = 1\nhub = "http://127.0.0.1:1"\ntoken = "wka_x"\n')
    environment = clean_environment({"WK_AGENT_DATA": str(tmp_path / "agent")})
    command = [python, str(archive), "run", "--config", str(tmp_path / "wk.toml")]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        status = tmp_path / "agent/status.json"
        wait_until(lambda: status.exists() or process.poll() is not None, 15, "the first tick")
        process.terminate()
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    states = {row["name"]: row["state"] for row in json.loads(status.read_text())["collectors"]}
    assert "failing" not in states.values(), states
    assert states["cpu"] == "running"


@pytest.mark.parametrize("python", pythons())
def test_it_speaks_tls_on_each_python(archive: Path, python: str, tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=hub"]
    files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(["openssl", "req", "-x509", *kind, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(15)
        environment = clean_environment(
            {
                "WK_AGENT_DATA": str(tmp_path / "agent"),
                "WK_AGENT_TOKEN": "wka_x",
                "WK_AGENT_CA": str(cert),
                "WK_AGENT_HUB": f"https://127.0.0.1:{listener.getsockname()[1]}",
            }
        )
        with subprocess.Popen([python, str(archive), "run"], env=environment, stderr=subprocess.PIPE) as process:
            try:
                with context.wrap_socket(listener.accept()[0], server_side=True) as connection:
                    assert connection.recv(1000).startswith(b"POST /agent/v1/")
            finally:
                process.terminate()
                process.communicate(timeout=10)


def test_the_running_agent_has_loaded_nothing_heavy(archive: Path, tmp_path: Path) -> None:
    python = next(iter(pythons()))
    (tmp_path / "list.py").write_text(
        "import sys, threading\n"
        f"sys.path.insert(0, {str(archive)!r})\n"
        "from watchkeeper.agent.app import Agent\n"
        "from watchkeeper.base.settings import load\n"
        "agent = Agent(load())\n"
        "threading.Timer(1.5, agent.stop.set).start()\n"
        "agent.run()\n"
        "print('\\n'.join(sys.modules))\n"
    )
    environment = clean_environment(
        {"WK_AGENT_DATA": str(tmp_path / "agent"), "WK_AGENT_INTERVAL": "1", "WK_AGENT_TOKEN": "wka_x",
         "WK_AGENT_HUB": "https://127.0.0.1:1", "PATH": os.environ["PATH"]}
    )  # fmt: skip
    command = [python, "-I", "-S", str(tmp_path / "list.py")]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=30)
    loaded = set(answer.stdout.split())
    assert "ssl" in loaded
    assert not [module for module in loaded if module.split(".")[0] in HEAVY]
