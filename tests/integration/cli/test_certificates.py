"""A hub with a certificate of its own: `wk`, the agent and the doctor check against it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Wk
from watchkeeper.cli import examine

pytestmark = pytest.mark.server("openssl")


def certificate(folder: Path, days: int) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    cert, key = folder / "hub.pem", folder / "hub.key"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-days", str(days), "-subj", "/CN=hub", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*words, "-out", str(cert), "-keyout", str(key)], check=True, capture_output=True, timeout=30)
    return cert, key


@pytest.fixture
def secure(alone: Wk, tmp_path: Path) -> Iterator[Wk]:
    cert, key = certificate(tmp_path, 30)
    alone.env |= {"WK_HUB_TLS_CERT": str(cert), "WK_HUB_TLS_KEY": str(key)}
    alone.url = alone.url.replace("http:", "https:")
    yield alone
    alone("down")


def test_up_with_a_certificate_reports_and_answers_over_tls(secure: Wk, tmp_path: Path) -> None:
    assert secure.json("up")["url"] == secure.url
    assert secure.json("hosts", "list")["hosts"][0]["status"] == "online"
    examined = {finding["subject"]: finding for finding in secure.json("doctor")["findings"]}
    assert examined["certificate"]["state"] == "ok"
    elsewhere = {"WK_DATA": str(tmp_path / "elsewhere")}
    told = secure("hosts", "list", "--hub", secure.url, env=elsewhere, status=3).stderr
    assert "is not trusted" in told
    assert "--ca" in told


def test_a_certificate_that_ends_soon_is_a_warning_and_one_that_cannot_be_read_is_broken(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, 3)
    (soon,) = examine.certificate(str(cert))
    assert soon.state == "warning"
    (broken,) = examine.certificate(str(key))
    assert broken.state == "broken"
    assert list(examine.certificate("")) == []
