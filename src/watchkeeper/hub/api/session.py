"""Signing in and out, and the password."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Response, delete, get, post
from litestar.datastructures import Cookie
from litestar.params import JSONBody

from watchkeeper import __version__
from watchkeeper.base.errors import UnauthenticatedError
from watchkeeper.hub.api.access import PUBLIC, Call, Here, SignedIn, cookie_name
from watchkeeper.hub.api.services import Services
from watchkeeper.hub.identity.first_start import forget_first_login
from watchkeeper.hub.identity.people import SESSION_SECONDS, Caller


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    password: str


class NewPassword(msgspec.Struct, forbid_unknown_fields=True):
    old: str
    new: str


def _session(services: Services, caller: Caller) -> dict[str, Any]:
    user = {"name": caller.user.name, "role": caller.user.role}
    hub = {"version": __version__, "name": services.name}
    return {"user": user, "expires": caller.expires or None, "hub": hub}


@post("/session", status_code=200, opt={PUBLIC: True}, summary="Sign in")
async def sign_in(data: JSONBody[SignIn], services: Here, request: Call) -> Response[dict[str, Any]]:
    address = f"address {request.client.host if request.client else ''}"
    account = f"account {data.name.lower()[:200]}"
    services.sign_in_limit.check(account, address)
    try:
        token, caller = await services.people.sign_in(data.name, data.password[:1024])
    except UnauthenticatedError:
        services.sign_in_limit.failed(account, address)
        raise
    services.sign_in_limit.succeeded(account)
    await asyncio.to_thread(forget_first_login, services.folder)
    return Response(_session(services, caller), cookies=[_cookie(services, token, int(SESSION_SECONDS))])


@get("/session", summary="Who is signed in")
async def show_session(services: Here, caller: SignedIn) -> dict[str, Any]:
    return _session(services, caller)


@delete("/session", summary="Sign out")
async def sign_out(services: Here, caller: SignedIn) -> Response[None]:
    await services.people.sign_out(caller)
    return Response(None, status_code=204, cookies=[_cookie(services, "", 0)])


@post("/session/password", status_code=204, summary="Change the password; ends all other sessions")
async def change_password(data: JSONBody[NewPassword], services: Here, caller: SignedIn) -> None:
    key = f"account {caller.user.name.lower()}"
    services.sign_in_limit.check(key)
    try:
        await services.people.change_password(caller, data.old, data.new)
    except UnauthenticatedError:
        services.sign_in_limit.failed(key)
        raise


def _cookie(services: Services, value: str, seconds: int) -> Cookie:
    return Cookie(
        key=cookie_name(services.secure),
        value=value,
        max_age=seconds,
        path="/",
        httponly=True,
        secure=services.secure,
        samesite="strict",
    )


ROUTES = [sign_in, show_session, sign_out, change_password]
