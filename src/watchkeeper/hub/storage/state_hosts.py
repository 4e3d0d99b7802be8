"""Hosts and their agents' tokens in state.db."""

from __future__ import annotations

import time
from collections.abc import Iterable

import sqlalchemy as sa

from watchkeeper.base.errors import ConflictError
from watchkeeper.base.ids import random_id
from watchkeeper.hub.model.hosts import Host
from watchkeeper.hub.storage.state import AGENT_TOKENS, HOSTS, SERIES_CAPS


class StateHosts:
    """Reads and writes of hosts; each call is one transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def all(self) -> list[tuple[Host, float | None]]:
        """Every host with its last known clock skew in seconds."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(HOSTS).order_by(HOSTS.c.key)).all()
        return [(_host(row), row.skew) for row in rows]

    def tokens(self) -> list[tuple[bytes, int]]:
        """Digest and host of every agent token."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(AGENT_TOKENS.c.digest, AGENT_TOKENS.c.host)).all()
        return [(bytes(row.digest), int(row.host)) for row in rows]

    def add(self, name: str, tags: dict[str, str], digest: bytes, above: int = 0) -> Host:
        """A new host whose agent's token has `digest`; its key is greater than `above` and was never used."""
        host_id, created = random_id("h_"), time.time()
        try:
            with self._engine.begin() as connection:
                last = connection.execute(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'hosts'")).scalar()
                key = max(int(last or 0), above) + 1
                connection.execute(HOSTS.insert().values(key=key, id=host_id, name=name, tags=tags, created=created))
                connection.execute(AGENT_TOKENS.insert().values(digest=digest, host=key, created=created))
        except sa.exc.IntegrityError:
            raise ConflictError(f"there is a host named {name!r} already", "choose another name") from None
        return Host(id=host_id, key=key, name=name, tags=tags, created=created)

    def change(self, key: int, name: str, tags: dict[str, str]) -> None:
        try:
            with self._engine.begin() as connection:
                connection.execute(HOSTS.update().where(HOSTS.c.key == key).values(name=name, tags=tags))
        except sa.exc.IntegrityError:
            raise ConflictError(f"there is a host named {name!r} already", "choose another name") from None

    def replace_token(self, key: int, digest: bytes) -> None:
        """Give the host's agent a new token; the old ones end."""
        with self._engine.begin() as connection:
            connection.execute(AGENT_TOKENS.delete().where(AGENT_TOKENS.c.host == key))
            connection.execute(AGENT_TOKENS.insert().values(digest=digest, host=key, created=time.time()))

    def delete(self, key: int) -> None:
        with self._engine.begin() as connection:
            connection.execute(HOSTS.delete().where(HOSTS.c.key == key))

    def save_skews(self, skews: Iterable[tuple[int, float]]) -> None:
        """Remember how far hosts' clocks are off, in seconds (host's minus hub's)."""
        with self._engine.begin() as connection:
            for key, skew in skews:
                connection.execute(HOSTS.update().where(HOSTS.c.key == key).values(skew=skew))

    def caps(self) -> list[tuple[int, int, bytes, list[int]]]:
        """Every capped schema: host, number, payload of what is kept, positions of what is kept."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(SERIES_CAPS)).all()
        return [(int(row.host), int(row.number), bytes(row.payload), list(row.kept)) for row in rows]

    def save_cap(self, host: int, number: int, payload: bytes, kept: list[int]) -> None:
        with self._engine.begin() as connection:
            here = (SERIES_CAPS.c.host == host) & (SERIES_CAPS.c.number == number)
            connection.execute(SERIES_CAPS.delete().where(here))
            connection.execute(SERIES_CAPS.insert().values(host=host, number=number, payload=payload, kept=kept))


def _host(row: sa.Row[tuple[object, ...]]) -> Host:
    return Host(id=row.id, key=row.key, name=row.name, tags=dict(row.tags), created=row.created)
