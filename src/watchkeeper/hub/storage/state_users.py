"""Users, sessions and API tokens in state.db."""

from __future__ import annotations

import time

import msgspec
import sqlalchemy as sa

from watchkeeper.base.ids import random_id
from watchkeeper.hub.model.hosts import User
from watchkeeper.hub.storage.state import API_TOKENS, SESSIONS, USERS


class StoredSession(msgspec.Struct):
    """A sign-in that lasts until `expires` (Unix time)."""

    digest: bytes
    user: str
    created: float
    expires: float


class StoredToken(msgspec.Struct):
    """An API token; `expires` None means never."""

    id: str
    digest: bytes
    user: str
    name: str
    created: float
    last_used: float | None
    expires: float | None


class StateUsers:
    """Reads and writes of people and what they sign in with; each call is one transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def all(self) -> list[tuple[User, str]]:
        """Every user with the hash of the password."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(USERS)).all()
        return [(User(id=row.id, name=row.name, role=row.role), row.password) for row in rows]

    def add(self, name: str, role: str, password: str) -> User:
        """A new user; `password` is the hash."""
        user = User(id=random_id("u_"), name=name, role=role)
        with self._engine.begin() as connection:
            connection.execute(
                USERS.insert().values(id=user.id, name=name, role=role, password=password, created=time.time())
            )
        return user

    def set_password(self, user: str, password: str, keep: bytes) -> None:
        """Store a new hash and end all sessions of the user but `keep`."""
        with self._engine.begin() as connection:
            connection.execute(USERS.update().where(USERS.c.id == user).values(password=password))
            others = (SESSIONS.c.user == user) & (SESSIONS.c.digest != keep)
            connection.execute(SESSIONS.delete().where(others))

    def sessions(self, now: float) -> list[StoredSession]:
        """All sessions that have not expired; the others are removed."""
        with self._engine.begin() as connection:
            connection.execute(SESSIONS.delete().where(SESSIONS.c.expires <= now))
            rows = connection.execute(sa.select(SESSIONS)).all()
        return [StoredSession(bytes(row.digest), row.user, row.created, row.expires) for row in rows]

    def add_session(self, session: StoredSession) -> None:
        with self._engine.begin() as connection:
            connection.execute(SESSIONS.insert().values(**msgspec.structs.asdict(session)))

    def extend_session(self, digest: bytes, expires: float) -> None:
        with self._engine.begin() as connection:
            connection.execute(SESSIONS.update().where(SESSIONS.c.digest == digest).values(expires=expires))

    def end_session(self, digest: bytes) -> None:
        with self._engine.begin() as connection:
            connection.execute(SESSIONS.delete().where(SESSIONS.c.digest == digest))

    def tokens(self) -> list[StoredToken]:
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(API_TOKENS).order_by(API_TOKENS.c.created)).all()
        return [msgspec.convert(dict(row._mapping), StoredToken) for row in rows]

    def add_token(self, token: StoredToken) -> None:
        with self._engine.begin() as connection:
            connection.execute(API_TOKENS.insert().values(**msgspec.structs.asdict(token)))

    def mark_token_used(self, token: str, when: float) -> None:
        with self._engine.begin() as connection:
            connection.execute(API_TOKENS.update().where(API_TOKENS.c.id == token).values(last_used=when))

    def delete_token(self, token: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(API_TOKENS.delete().where(API_TOKENS.c.id == token))
