"""A small HTTP/1.1 client over a socket: one kept-alive connection to one server.

It does what the uplink needs (RFC 9112: Content-Length and chunked bodies, keep-alive) and refuses the
rest: no redirects, no proxies, no cookies. `http.client` would bring the `email` package with it.
"""

from __future__ import annotations

import select
import time
from socket import gaierror, timeout

from watchkeeper.base.errors import SettingsError, UnavailableError
from watchkeeper.uplink.answer import Reader, Response, read_response
from watchkeeper.uplink.tls import connect, trusting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from socket import socket

_CHUNK = 64 << 10


class Address:
    """Where a base URL points. `path` has no slash at its end."""

    __slots__ = ("host", "path", "port", "tls")

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        place, slash, path = rest.partition("/")
        if scheme not in ("http", "https") or not place or "@" in place or any(c <= " " or c > "~" for c in url):
            raise SettingsError(f"{url!r} is not the address of a hub", "write it like https://hub.example:8787")
        self.tls = scheme == "https"
        self.path = (slash + path).rstrip("/")
        self.host, port = _split_port(place)
        try:
            self.port = int(port) if port else (443 if self.tls else 80)
        except ValueError:
            self.port = 0
        if not self.host or not 0 < self.port < 65536:
            raise SettingsError(f"{url!r} has no host and port that can be", "write it like https://hub.example:8787")

    @property
    def name(self) -> str:
        """Host and port as they stand in a Host header."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _split_port(place: str) -> tuple[str, str]:
    if place.startswith("["):
        host, _, rest = place[1:].partition("]")
        return host, rest[1:] if rest.startswith(":") else rest
    host, _, port = place.partition(":")
    return host, port


class Client:
    """One connection, made when it is needed. Not thread-safe.

    `timeout` bounds a whole exchange, in seconds: connecting, sending and the answer to its last byte.
    """

    def __init__(
        self, url: str, ca: str = "", timeout: float = 20.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Raises SettingsError."""
        self.address = Address(url)
        self._context = trusting(ca) if self.address.tls else None
        self._timeout = timeout
        self._monotonic = monotonic
        self._socket: socket | None = None

    @property
    def connected(self) -> bool:
        """Whether the next request goes over the same connection as the last; one that the server ended is dropped."""
        if self._socket is None:
            return False
        # Nothing may come in while nothing is asked: readable means closed, or nonsense.
        if select.select([self._socket], [], [], 0)[0]:
            self.close()
            return False
        return True

    def close(self) -> None:
        """End the connection, if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def request(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Response:
        """Send one request and read its answer. `headers` are text without line ends.

        Raises UnavailableError in words for a person; the connection is then closed.
        """
        deadline = self._monotonic() + self._timeout
        try:
            if self._socket is None:
                address, left = self.address, deadline - self._monotonic()
                self._socket = connect(address.host, address.port, self._context, left)
            response, keep = self._exchange(self._socket, deadline, method, path, headers or {}, body)
        except timeout:
            self.close()
            raise UnavailableError(
                f"the hub at {self.address.name} did not answer within {self._timeout:g} s", "is it overloaded?"
            ) from None
        except OSError as error:
            self.close()
            raise self._explained(error) from None
        except BaseException:
            self.close()
            raise
        if not keep:
            self.close()
        return response

    def _exchange(
        self, sock: socket, deadline: float, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[Response, bool]:
        def receive() -> bytes:
            sock.settimeout(max(0.001, deadline - self._monotonic()))
            return sock.recv(_CHUNK)

        refused: OSError | None = None
        try:
            for part in (self._head(method, path, headers, len(body)), body):
                view = memoryview(part)
                while view:
                    sock.settimeout(max(0.001, deadline - self._monotonic()))
                    view = view[sock.send(view[:_CHUNK]) :]
        except timeout:
            raise
        except OSError as error:
            refused = error  # a server that has read enough may have answered already
        try:
            return read_response(Reader(receive), method)
        except (OSError, UnavailableError):
            if refused is not None:
                raise refused from None
            raise

    def _head(self, method: str, path: str, headers: Mapping[str, str], length: int) -> bytes:
        lines = [f"{method} {self.address.path}{path} HTTP/1.1", f"Host: {self.address.name}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if length or method not in ("GET", "HEAD"):
            lines.append(f"Content-Length: {length}")
        if any("\r" in line or "\n" in line for line in lines):
            raise SettingsError("a header for the hub holds a line end", "is there one in the token?")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def _explained(self, error: OSError) -> UnavailableError:
        where = f"the hub at {self.address.name}"
        reason = getattr(error, "verify_message", "") or error.strerror or str(error)
        if getattr(error, "verify_code", 0):
            return UnavailableError(f"{where} showed a certificate that is not trusted: {reason}", "check agent.ca")
        if self._context is not None and hasattr(error, "library"):
            return UnavailableError(f"{where} could not agree on TLS: {reason}", "does it speak https on this port?")
        if isinstance(error, gaierror):
            return UnavailableError(f"the name {self.address.host} cannot be resolved: {reason}", "check agent.hub")
        if isinstance(error, ConnectionRefusedError):
            return UnavailableError(f"nothing listens at {self.address.name}", "is the hub running?")
        if isinstance(error, (ConnectionResetError, BrokenPipeError)):
            return UnavailableError(f"{where} ended the connection: {reason}")
        return UnavailableError(f"{where} cannot be reached: {reason}")
