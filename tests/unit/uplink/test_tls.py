"""TLS on real sockets: whom the client trusts, and whom it refuses."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from watchkeeper.base.errors import SettingsError, UnavailableError
from watchkeeper.uplink import tls
from watchkeeper.uplink.http import Client

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + bytes(200_000)


def certificate(folder: Path, address: str = "127.0.0.1") -> Path:
    """A certificate that signs itself, with its key in `key.pem` beside it."""
    folder.mkdir(exist_ok=True)
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=hub", "-addext", f"subjectAltName=IP:{address}"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(["openssl", "req", "-x509", *kind, *names, *files], check=True, capture_output=True)
    return folder / "cert.pem"


@contextmanager
def serving(cert: Path, answer: bytes = ANSWER, most: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> Iterator[int]:
    """A server that answers each request of one connection with `answer`, and then ends it without a word of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = most
    context.load_cert_chain(cert, cert.with_name("key.pem"))

    def serve() -> None:
        try:
            with context.wrap_socket(listener.accept()[0], server_side=True) as connection:
                while connection.recv(100_000):
                    connection.sendall(answer)
        except OSError:
            pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


@pytest.mark.parametrize("most", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_hub_with_the_right_certificate_is_asked_twice_on_one_connection(
    tmp_path: Path, most: ssl.TLSVersion
) -> None:
    cert = certificate(tmp_path)
    with serving(cert, most=most) as port:
        client = Client(f"https://127.0.0.1:{port}", str(cert), timeout=5)
        assert len(client.request("GET", "/").body) == 200_000
        assert client.request("POST", "/", body=bytes(50)).status == 200
        client.close()


def test_a_certificate_of_somebody_else_is_not_trusted(tmp_path: Path) -> None:
    other = certificate(tmp_path / "other")
    with serving(certificate(tmp_path / "hub")) as port:
        client = Client(f"https://127.0.0.1:{port}", str(other), timeout=5)
        with pytest.raises(UnavailableError, match=r"not trusted: self.signed certificate"):
            client.request("GET", "/")


def test_a_certificate_of_another_name_is_not_trusted(tmp_path: Path) -> None:
    cert = certificate(tmp_path, address="127.0.0.2")
    with serving(cert) as port:
        client = Client(f"https://127.0.0.1:{port}", str(cert), timeout=5)
        with pytest.raises(UnavailableError, match=r"not trusted: IP address mismatch"):
            client.request("GET", "/")


def test_without_a_file_the_systems_certificates_are_trusted_and_a_strangers_is_not(tmp_path: Path) -> None:
    with serving(certificate(tmp_path)) as port, pytest.raises(UnavailableError, match="not trusted"):
        Client(f"https://127.0.0.1:{port}", timeout=5).request("GET", "/")


def test_an_answer_that_breaks_off_is_not_taken_for_whole(tmp_path: Path) -> None:
    cert = certificate(tmp_path)
    with serving(cert, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc") as port:
        client = Client(f"https://127.0.0.1:{port}", str(cert), timeout=0.5)
        with pytest.raises(UnavailableError):
            client.request("GET", "/")


def test_a_server_that_is_silent_in_the_handshake_does_not_outlast_the_timeout(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = Client(f"https://127.0.0.1:{listener.getsockname()[1]}", str(certificate(tmp_path)), timeout=0.3)
        with pytest.raises(UnavailableError, match=r"did not answer within 0\.3 s"):
            client.request("GET", "/")


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing\n")
    for path in (tmp_path / "empty.pem", tmp_path / "missing.pem"):
        with pytest.raises(SettingsError, match=r"no certificate can be read"):
            tls.trusting(str(path))
