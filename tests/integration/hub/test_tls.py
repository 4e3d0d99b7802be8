"""The hub over TLS: a cookie that only HTTPS carries, and posts that take the short way as well."""

from __future__ import annotations

import ssl
import subprocess
import sys
from pathlib import Path

import httpx

from tests.support.processes import HubProcess, clean_environment, free_port, wait_until
from watchkeeper.wire import frames, records


def certificate(folder: Path) -> tuple[str, str]:
    """A certificate for 127.0.0.1 and its key."""
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += [
        "-days",
        "2",
        "-subj",
        "/CN=hub",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        key,
        "-out",
        cert,
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    return cert, key


def test_over_tls_the_cookie_is_secure_and_agents_are_served(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    port, data = free_port(), tmp_path / "hub"
    env = {"WK_HUB_LISTEN": f"0.0.0.0:{port}", "WK_HUB_DATA": str(data), "WK_HUB_TLS_CERT": cert, "WK_HUB_TLS_KEY": key}
    url = f"https://127.0.0.1:{port}"
    command = [sys.executable, "-m", "watchkeeper.hub"]
    trusted = ssl.create_default_context(cafile=cert)
    with (
        HubProcess(command, tmp_path / "hub.log", clean_environment(env), url, data) as hub,
        httpx.Client(base_url=url, verify=trusted, timeout=10) as client,
    ):
        wait_until(lambda: not hub.alive or _healthy(client), 30, "the hub over TLS")
        signed_in = client.post("/api/v1/session", json={"name": "admin", "password": hub.admin_password})
        cookie = signed_in.headers["set-cookie"]
        token = (data / "local-agent-token").read_text().strip()
        number, payload = records.pack_schema([("cpu.percent", "gauge", "%")])
        report = records.pack_report(1000.0, 1.0, number, 1, [5.0])
        sealed = frames.seal(1, 2, records.pack(records.SCHEMA, payload) + report)
        body = frames.post(frames.METRICS, bytes(range(16)), [sealed])
        answer = client.post("/agent/v1/batches", content=body, headers={"Authorization": f"Bearer {token}"})

        assert cookie.startswith("__Host-wk_session=")
        assert "secure" in cookie.lower()
        assert "path=/" in cookie.lower()
        assert signed_in.headers["strict-transport-security"]
        assert client.get("/api/v1/session").status_code == 200
        assert answer.json()["through"] == 1


def _healthy(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def test_a_certificate_that_does_not_fit_its_key_is_told_at_start(tmp_path: Path) -> None:
    cert, _ = certificate(tmp_path)
    (tmp_path / "other").mkdir()
    _, other = certificate(tmp_path / "other")
    env = {"WK_HUB_DATA": str(tmp_path / "hub"), "WK_HUB_LISTEN": f"0.0.0.0:{free_port()}"}
    for key, words in ((other, "no certificate with its key"), (str(tmp_path / "none.pem"), "no such file")):
        environment = clean_environment({**env, "WK_HUB_TLS_CERT": cert, "WK_HUB_TLS_KEY": key})
        command = [sys.executable, "-m", "watchkeeper.hub"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 2
        assert words in done.stderr
