"""Where the hub may listen, and with what: plain HTTP is for loopback alone."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import ssl

import msgspec

from watchkeeper.base.errors import SettingsError, UnavailableError
from watchkeeper.base.settings import Settings

# Refused without TLS.
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104


class Listening(msgspec.Struct):
    """A bound socket and how to speak on it. `url` is what a person on this machine opens."""

    socket: socket.socket
    secure: bool
    local_only: bool
    url: str


def listen(settings: Settings) -> Listening:
    """Bind `hub.listen`. Raises SettingsError for what cannot be meant, UnavailableError when the port is taken."""
    text = settings.text("hub.listen")
    host, port = _address(text)
    cert, key = settings.text("hub.tls_cert"), settings.text("hub.tls_key")
    local_only = _is_loopback(host)
    if bool(cert) != bool(key):
        raise SettingsError("hub.tls_cert and hub.tls_key go together", "set both or none")
    if not cert and not local_only:
        raise SettingsError(
            f"hub.listen is {text}, and plain HTTP is for this machine alone",
            "set hub.tls_cert and hub.tls_key, or listen on 127.0.0.1",
        )
    if cert:
        check_certificate(cert, key)
    bound = _bind(host, port, text)
    scheme = "https" if cert else "http"
    shown = "127.0.0.1" if host in (EVERY_ADDRESS, "") else f"[{host}]" if ":" in host else host
    return Listening(bound, bool(cert), local_only, f"{scheme}://{shown}:{bound.getsockname()[1]}")


def check_certificate(cert: str, key: str) -> None:
    """Raise SettingsError when the two files are no certificate with its key."""
    for path in (cert, key):
        if not os.access(path, os.R_OK):
            raise SettingsError(f"{path}: there is no such file, or it cannot be read", "check the path and its owner")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(f"{cert} and {key} are no certificate with its key: {error}", "both must be PEM") from None


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise SettingsError(f"hub.listen is {text!r}, which is no address with a port", "such as 127.0.0.1:8787")
    return host.strip("[]") or EVERY_ADDRESS, int(port)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bind(host: str, port: int, text: str) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise SettingsError(f"hub.listen is {text}: {error}", "give an address of this machine") from None
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        bound.listen(2048)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise UnavailableError(
                f"{text} is taken by another program",
                "does a hub run already? `wk status` tells; or choose another port in hub.listen",
            ) from None
        raise UnavailableError(
            f"cannot listen on {text}: {error.strerror}", "give an address of this machine"
        ) from None
    bound.setblocking(False)
    return bound
