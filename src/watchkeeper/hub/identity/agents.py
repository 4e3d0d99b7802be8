"""Which host a bearer token of an agent speaks for."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest

from watchkeeper.base.ids import secret

PREFIX = "wka_"


def digest(token: bytes) -> bytes:
    """What is stored of a token. It has 256 random bits, so a plain hash is enough."""
    return sha256(token).digest()


def mint() -> tuple[str, bytes]:
    """A new token and its digest."""
    token = secret(PREFIX)
    return token, digest(token.encode())


class AgentTokens:
    """Digests in memory: a look-up costs a hash and a constant-time comparison."""

    def __init__(self, tokens: Iterable[tuple[bytes, int]]) -> None:
        # Found by half of the digest and compared by the other half in constant time: what timing could tell
        # about a hash table of hashes is nothing that helps to find a token.
        self._hosts = {known[:16]: (known[16:], host) for known, host in tokens}

    def host(self, authorization: bytes) -> int | None:
        """The host's key for an Authorization header, None when the token is not known."""
        if authorization[:7].lower() != b"bearer ":
            return None
        found = sha256(authorization[7:]).digest()
        known = self._hosts.get(found[:16])
        if known is None or not compare_digest(known[0], found[16:]):
            return None
        return known[1]

    def add(self, known: bytes, host: int) -> None:
        self._hosts[known[:16]] = (known[16:], host)

    def remove_host(self, host: int) -> None:
        self._hosts = {half: entry for half, entry in self._hosts.items() if entry[1] != host}
