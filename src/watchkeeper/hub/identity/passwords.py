"""Passwords: argon2id, always off the event loop, and only a few at once."""

from __future__ import annotations

import asyncio
import os

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

# 19 MiB and two passes: OWASP's "Password Storage Cheat Sheet" for argon2id; more would not fit the hub's memory bar.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
_AT_ONCE = asyncio.Semaphore(2)
SHORTEST = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def hash_password(password: str) -> str:
    """The argon2id hash; takes about 30 ms."""
    return _HASHER.hash(password)


async def matches(hashed: str, password: str) -> bool:
    """Does the password belong to the hash? Computed in a thread."""
    async with _AT_ONCE:
        return await asyncio.to_thread(_verify, hashed, password)


def readable_password() -> str:
    """A random password that a person can type: four groups of four, 79 bits."""
    letters: list[str] = []
    while len(letters) < 16:
        byte = os.urandom(1)[0]
        if byte < 248:  # a multiple of 31, so that no letter is likelier than another
            letters.append(_ALPHABET[byte % 31])
    return "-".join("".join(letters[start : start + 4]) for start in range(0, 16, 4))


def _verify(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
