"""Hosts and users as the hub thinks of them."""

from __future__ import annotations

import msgspec


class Host(msgspec.Struct, kw_only=True):
    """A machine under watch. `key` is the small number by which the record store knows it."""

    id: str
    key: int
    name: str
    tags: dict[str, str]
    created: float


class User(msgspec.Struct, kw_only=True):
    """A person who can sign in; `role` is admin, operator or viewer."""

    id: str
    name: str
    role: str
