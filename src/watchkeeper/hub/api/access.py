"""Who calls, and whether the call is well-formed: runs before every handler."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler

from watchkeeper.base.errors import ForbiddenError, UnauthenticatedError, UnprocessableError
from watchkeeper.base.nearest import nearest
from watchkeeper.hub.api.services import Services
from watchkeeper.hub.identity.people import Caller
from watchkeeper.hub.identity.scope import Scope, scope_of

PUBLIC = "public"
Connection = ASGIConnection[Any, Any, Any, Any]
Call = Request[Any, Any, Any]
# What handlers ask for: the hub's parts, who calls, and which hosts that one may see.
Here = NamedDependency[Services]
SignedIn = NamedDependency[Caller]
Seen = NamedDependency[Scope]


def cookie_name(secure: bool) -> str:
    """Under TLS the prefix makes browsers refuse the cookie from anything but this very host."""
    return "__Host-wk_session" if secure else "wk_session"


async def signed_in(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard of every route: nobody gets through without a session or a token, unless the route is public."""
    services: Services = connection.app.state.services
    method = str(connection.scope.get("method", "GET"))
    if method not in ("GET", "HEAD", "OPTIONS"):
        _refuse_other_origins(connection)
    caller = await _caller(connection, services, method)
    if caller is None and not handler.opt.get(PUBLIC):
        raise UnauthenticatedError("nobody is signed in", "POST /api/v1/session, or send an API token")
    connection.scope["user"] = caller


async def _caller(connection: Connection, services: Services, method: str) -> Caller | None:
    authorization = connection.headers.get("authorization", "")
    if authorization:
        kind, _, token = authorization.partition(" ")
        caller = await services.people.by_token(token.strip()) if kind.lower() == "bearer" else None
        if caller is None:
            raise UnauthenticatedError("the API token is not known, expired or revoked", "make one with POST /tokens")
        return caller
    cookie = connection.cookies.get(cookie_name(services.secure))
    if not cookie:
        return None
    caller = await services.people.by_session(cookie)
    if caller is not None and method not in ("GET", "HEAD", "OPTIONS") and connection.headers.get("wk-csrf") != "1":
        raise ForbiddenError("the call lacks the header Wk-Csrf: 1", "a page of another origin cannot set it")
    return caller


def _refuse_other_origins(connection: Connection) -> None:
    origin = connection.headers.get("origin")
    if origin and urlsplit(origin).netloc != connection.headers.get("host", ""):
        raise ForbiddenError(f"the page that calls is of another origin: {origin}", "open the hub's own page")


async def known_parameters(request: Call) -> None:
    """Refuse query parameters that the call does not have: a typo must not quietly mean something else."""
    allowed: set[str] = request.app.state.parameters.get(request.route_handler, set())
    for name in request.query_params:
        if name not in allowed:
            near = nearest(name, allowed)
            hint = f"did you mean {near!r}?" if near else f"it takes: {', '.join(sorted(allowed)) or 'none'}"
            raise UnprocessableError(f"the call has no parameter {name!r}", hint)


def provide_caller(request: Call) -> Caller:
    caller = request.scope["user"]
    if caller is None:
        raise UnauthenticatedError("nobody is signed in", "POST /api/v1/session, or send an API token")
    assert isinstance(caller, Caller)
    return caller


def provide_seen(caller: SignedIn) -> Scope:
    """The hosts that the caller may see."""
    return scope_of(caller.user)


def provide_services(request: Call) -> Services:
    services = request.app.state.services
    assert isinstance(services, Services)
    return services
