"""Users and what they sign in with: sessions, API tokens, and the token of the local machine.

All of it is kept in memory and written through to state.db, so that checking a request costs a hash.
"""

from __future__ import annotations

import asyncio
import time
from hashlib import sha256

import msgspec

from watchkeeper.base.errors import NotFoundError, UnauthenticatedError, UnprocessableError
from watchkeeper.base.ids import random_id, secret
from watchkeeper.hub.identity.passwords import SHORTEST, hash_password, matches
from watchkeeper.hub.model.hosts import User
from watchkeeper.hub.storage.state_users import StateUsers, StoredSession, StoredToken

SESSION_SECONDS = 14 * 86400.0
LOCAL = User(id="local", name="local", role="admin")
# A hash that nobody's password has, so that an unknown name takes as long as a known one.
_NOBODY = hash_password(secret(""))


class Caller(msgspec.Struct, frozen=True):
    """Who makes a call. `session` is the digest of a session, b"" with a token; `expires` 0 for never."""

    user: User
    session: bytes = b""
    expires: float = 0.0


def digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


class People:
    """Users, sessions and API tokens. Used on the event loop; writes go to a thread."""

    def __init__(self, state: StateUsers, local_token: str) -> None:
        self._state = state
        users = state.all()
        self._users = {user.id: user for user, _ in users}
        self._passwords = {user.name.lower(): (user, hashed) for user, hashed in users}
        self._sessions = {session.digest: session for session in state.sessions(time.time())}
        self._tokens = {token.digest: token for token in state.tokens()}
        self._local = digest(local_token)

    async def sign_in(self, name: str, password: str) -> tuple[str, Caller]:
        """A new session: its secret, and who it is. Raises UnauthenticatedError."""
        user, hashed = self._passwords.get(name.lower(), (None, _NOBODY))
        if not await matches(hashed, password) or user is None:
            raise UnauthenticatedError("the name or the password is wrong", "the first password is printed by make up")
        token, now = secret(""), time.time()
        session = StoredSession(digest(token), user.id, now, now + SESSION_SECONDS)
        await asyncio.to_thread(self._state.add_session, session)
        self._sessions[session.digest] = session
        return token, Caller(user, session.digest, session.expires)

    async def by_session(self, token: str) -> Caller | None:
        """Who a session cookie belongs to; a session in use lives on."""
        session = self._sessions.get(digest(token))
        now = time.time()
        if session is None or session.expires <= now or session.user not in self._users:
            return None
        if session.expires - now < SESSION_SECONDS - 86400:
            session.expires = now + SESSION_SECONDS
            await asyncio.to_thread(self._state.extend_session, session.digest, session.expires)
        return Caller(self._users[session.user], session.digest, session.expires)

    async def by_token(self, token: str) -> Caller | None:
        """Who an API token belongs to."""
        known, now = digest(token), time.time()
        if known == self._local:
            return Caller(LOCAL)
        stored = self._tokens.get(known)
        if stored is None or (stored.expires is not None and stored.expires <= now) or stored.user not in self._users:
            return None
        if stored.last_used is None or now - stored.last_used > 60:
            stored.last_used = now
            await asyncio.to_thread(self._state.mark_token_used, stored.id, now)
        return Caller(self._users[stored.user], expires=stored.expires or 0.0)

    async def sign_out(self, caller: Caller) -> None:
        if self._sessions.pop(caller.session, None) is not None:
            await asyncio.to_thread(self._state.end_session, caller.session)

    async def change_password(self, caller: Caller, old: str, new: str) -> None:
        """Raises UnauthenticatedError when `old` is wrong, UnprocessableError when `new` is too short."""
        user, hashed = self._passwords.get(caller.user.name.lower(), (None, _NOBODY))
        if not await matches(hashed, old) or user is None:
            raise UnauthenticatedError("the old password is wrong", "type the password that you signed in with")
        if len(new) < SHORTEST:
            raise UnprocessableError("the new password is too short", f"take at least {SHORTEST} characters")
        fresh = await asyncio.to_thread(hash_password, new)
        await asyncio.to_thread(self._state.set_password, user.id, fresh, caller.session)
        self._passwords[user.name.lower()] = (user, fresh)
        self._sessions = {
            known: session
            for known, session in self._sessions.items()
            if session.user != user.id or known == caller.session
        }

    def tokens(self, user: User) -> list[StoredToken]:
        return [token for token in self._tokens.values() if token.user == user.id]

    async def add_token(self, user: User, name: str, expires: float | None) -> tuple[StoredToken, str]:
        """A new API token and its text, which is not kept."""
        if user.id not in self._users:
            raise UnprocessableError("the local token cannot make API tokens", "sign in as a user")
        if expires is not None and expires <= time.time():
            raise UnprocessableError("`expires` is in the past", "give seconds since 1970, or leave it out")
        text = secret("wkt_")
        token = StoredToken(random_id("t_"), digest(text), user.id, name, time.time(), None, expires)
        await asyncio.to_thread(self._state.add_token, token)
        self._tokens[token.digest] = token
        return token, text

    async def delete_token(self, user: User, token_id: str) -> None:
        for known, token in list(self._tokens.items()):
            if token.id == token_id and token.user == user.id:
                await asyncio.to_thread(self._state.delete_token, token_id)
                del self._tokens[known]
                return
        raise NotFoundError(f"there is no token {token_id!r}", "GET /api/v1/tokens lists yours")
