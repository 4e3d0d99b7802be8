"""Errors as problem+json (RFC 9457) with a hint."""

from __future__ import annotations

import logging
import re
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from watchkeeper.base.errors import StorageError, TooManyError, UnavailableError, WatchkeeperError

log = logging.getLogger(__name__)
_TITLES = {
    404: "there is no such address",
    405: "this address does not take this method",
    413: "the body is too large",
}


def from_watchkeeper(_: Request[Any, Any, Any], error: WatchkeeperError) -> Response[dict[str, Any]]:
    """An error of our own: all it says goes out."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__.removesuffix("Error")).lower()
    headers = {}
    if isinstance(error, TooManyError):
        headers["Retry-After"] = str(max(1, round(error.retry_after)))
    elif isinstance(error, StorageError | UnavailableError):
        headers["Retry-After"] = "5"
    return problem(error.status, name, error.message, error.hint, error.retryable, headers)


def from_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    """An error of the framework, such as a value of the wrong type."""
    if isinstance(error, ValidationException):
        extra = error.extra if isinstance(error.extra, list) else []
        parts = [f"{item.get('key', 'body')}: {item.get('message', '')}" for item in extra if isinstance(item, dict)]
        return problem(422, "unprocessable", "; ".join(parts) or error.detail, "docs/api.md lists what this call takes")
    title = _TITLES.get(error.status_code, error.detail)
    name = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "bad-request")
    return problem(
        error.status_code, name, f"{title}: {request.method} {request.url.path}", "docs/api.md lists the calls"
    )


def from_bug(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """A bug: the log gets all, the caller only that it happened."""
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(500, "internal", "the hub failed to answer", "its log tells why; please report it")


def problem(
    status: int, name: str, title: str, hint: str, retryable: bool = False, headers: dict[str, str] | None = None
) -> Response[dict[str, Any]]:
    content = {"type": name, "title": title, "status": status, "detail": title, "hint": hint, "retryable": retryable}
    return Response(content, status_code=status, media_type="application/problem+json", headers=headers)


HANDLERS: dict[Any, Any] = {
    WatchkeeperError: from_watchkeeper,
    HTTPException: from_http,
    Exception: from_bug,
}
