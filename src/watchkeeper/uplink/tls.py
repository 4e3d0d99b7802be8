"""A client's connection over TCP, with TLS or without.

The standard library's `ssl` and `socket` wrap two modules in C, `_ssl` and `_socket`, and take 0.8 MB of memory for it,
most of it for tables of constants. What stands here does the same with the modules in C: OpenSSL checks the certificate
and the name in it. They are nobody's promise, though, so this is for the versions of CPython that it has been tested
with; all others get `ssl` and `socket`.
"""

from __future__ import annotations

import _socket
import os
import sys
import time

from watchkeeper.base.errors import SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    # `_ssl._SSLContext` or `ssl.SSLContext`.
    Context = Any
    # `_socket.socket`, or what is derived from it.
    Connection = _socket.socket

KNOWN = os.name == "posix" and sys.implementation.name == "cpython" and (3, 9) <= sys.version_info < (3, 14)
# Ends of file that no closing message of TLS came before. The length of an HTTP answer tells whether it is whole.
_SSL_ERROR_EOF = 8


class Secured(_socket.socket):
    """A socket that TLS is laid over once it is connected. Errors are OSError: the socket's, or `_ssl.SSLError`."""

    # OpenSSL's side refers to the socket weakly.
    __slots__ = ("__weakref__", "_tls")

    def shake_hands(self, context: Context, host: str) -> None:
        """Become a client of `host`, which must show a certificate of that name that `context` trusts."""
        self._tls: Any = context._wrap_socket(self, False, host)
        self._tls.do_handshake()

    def send(self, data: Any, flags: int = 0, /) -> int:
        return int(self._tls.write(data))

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        try:
            return bytes(self._tls.read(size))
        except OSError as error:
            if error.args[:1] == (_SSL_ERROR_EOF,) and hasattr(error, "library"):
                return b""
            raise


def trusting(ca: str) -> Context:
    """A context that trusts the certificates in the PEM file `ca` alone, or the system's when it is "".

    Raises SettingsError.
    """
    context = _lean_context() if KNOWN else _full_context()
    try:
        if ca:
            context.load_verify_locations(ca)
        elif KNOWN:
            context.set_default_verify_paths()
        else:
            context.load_default_certs()
    except OSError as error:
        raise SettingsError(f"{ca}: no certificate can be read: {error}", "agent.ca must name a PEM file") from None
    return context


def _lean_context() -> Context:
    import _ssl

    context = _ssl._SSLContext(_ssl.PROTOCOL_TLS_CLIENT)
    # As this protocol has it from the start; said again because all rests on it.
    context.verify_mode = _ssl.CERT_REQUIRED
    context.check_hostname = True
    context.minimum_version = _ssl.PROTO_TLSv1_2
    return context


def _full_context() -> Context:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def connect(host: str, port: int, context: Context | None, timeout: float) -> Connection:
    """A connection to `host`, over TLS with a `context`, made within `timeout` seconds. Raises OSError."""
    deadline = time.monotonic() + timeout
    kind = Secured if KNOWN and context is not None else _plain_kind()
    sock = _connected(kind, host, port, deadline)
    try:
        sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        sock.settimeout(max(0.01, deadline - time.monotonic()))
        if isinstance(sock, Secured):
            sock.shake_hands(context, host)
        elif context is not None:
            sock = context.wrap_socket(sock, server_hostname=host)
    except BaseException:
        sock.close()
        raise
    return sock


def _plain_kind() -> type[_socket.socket]:
    if KNOWN:
        return _socket.socket
    import socket

    return socket.socket


def _connected(kind: type[_socket.socket], host: str, port: int, deadline: float) -> _socket.socket:
    """A socket to the first of the addresses of `host` that takes one."""
    failure = OSError("the name has no address")
    # Bytes, not text: text would load the IDNA tables, a megabyte.
    for family, type, protocol, _, place in _socket.getaddrinfo(host.encode("ascii"), port, 0, _socket.SOCK_STREAM):
        sock = kind(family, type, protocol)
        try:
            sock.settimeout(max(0.01, deadline - time.monotonic()))
            sock.connect(place)
            return sock
        except OSError as error:
            failure = error
            sock.close()
    raise failure
