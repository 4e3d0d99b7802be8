"""API tokens of the one who is signed in."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath, JSONBody

from watchkeeper.base.errors import UnprocessableError
from watchkeeper.hub.api.access import Here, SignedIn


class NewToken(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    expires: float | None = None


@get("/tokens", summary="Your API tokens")
async def list_tokens(services: Here, caller: SignedIn) -> dict[str, Any]:
    fields = ("id", "name", "created", "last_used", "expires")
    tokens = services.people.tokens(caller.user)
    return {"tokens": [{field: getattr(token, field) for field in fields} for token in tokens]}


@post("/tokens", summary="Make an API token; it is shown once")
async def add_token(data: JSONBody[NewToken], services: Here, caller: SignedIn) -> dict[str, Any]:
    if not data.name.strip() or len(data.name) > 100:
        raise UnprocessableError("a token needs a name of 1 to 100 characters", "say what it is for")
    token, text = await services.people.add_token(caller.user, data.name.strip(), data.expires)
    return {"id": token.id, "name": token.name, "token": text}


@delete("/tokens/{token:str}", summary="Revoke an API token")
async def delete_token(token: FromPath[str], services: Here, caller: SignedIn) -> None:
    await services.people.delete_token(caller.user, token)


ROUTES = [list_tokens, add_token, delete_token]
