"""A client's connection over TCP, with TLS or without."""

from __future__ import annotations

import socket
import ssl
import time

from watchkeeper.base.errors import SettingsError


def trusting(ca: str) -> ssl.SSLContext:
    """A context that trusts the certificates in the PEM file `ca` alone, or the system's when it is "".

    Raises SettingsError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if ca:
            context.load_verify_locations(ca)
        else:
            context.load_default_certs()
    except OSError as error:
        raise SettingsError(f"{ca}: no certificate can be read: {error}", "agent.ca must name a PEM file") from None
    return context


def connect(host: str, port: int, context: ssl.SSLContext | None, timeout: float) -> socket.socket:
    """A connection to `host`, over TLS with a `context`, made within `timeout` seconds. Raises OSError."""
    deadline = time.monotonic() + timeout
    # Bytes, not text: text would load the IDNA tables, a megabyte.
    name = host.encode("ascii")
    sock = _connected(name, port, deadline)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(max(0.01, deadline - time.monotonic()))
        return sock if context is None else context.wrap_socket(sock, server_hostname=name)
    except BaseException:
        sock.close()
        raise


def _connected(name: bytes, port: int, deadline: float) -> socket.socket:
    """A socket to the first of the addresses of `name` that takes one."""
    failure = OSError("the name has no address")
    for family, type, protocol, _, place in socket.getaddrinfo(name, port, 0, socket.SOCK_STREAM):
        sock = socket.socket(family, type, protocol)
        try:
            sock.settimeout(max(0.01, deadline - time.monotonic()))
            sock.connect(place)
            return sock
        except OSError as error:
            failure = error
            sock.close()
    raise failure
