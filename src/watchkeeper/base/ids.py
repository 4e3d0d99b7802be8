"""Random identifiers."""

from __future__ import annotations

import os

# Crockford's base 32, lower case: no i, l, o, u, so that a person can read an id aloud.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def random_id(prefix: str = "", length: int = 12) -> str:
    """`prefix` followed by `length` random characters of five bits each."""
    return prefix + "".join(_ALPHABET[byte & 31] for byte in os.urandom(length))


def secret(prefix: str) -> str:
    """A bearer secret of 256 bits: `prefix` and 64 hexadecimal digits."""
    return prefix + os.urandom(32).hex()


def stream_id() -> bytes:
    """16 random bytes that name a stream for ever."""
    return os.urandom(16)
