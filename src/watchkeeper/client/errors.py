"""Turns what the hub answers, or that it does not answer, into errors that a person can read."""

from __future__ import annotations

import httpx
import msgspec

from watchkeeper.base import errors


class Problem(msgspec.Struct):
    """An application/problem+json body."""

    title: str = ""
    detail: str = ""
    hint: str = ""


BY_STATUS: dict[int, type[errors.WatchkeeperError]] = {
    400: errors.UsageError,
    401: errors.UnauthenticatedError,
    403: errors.ForbiddenError,
    404: errors.NotFoundError,
    409: errors.ConflictError,
    413: errors.TooLargeError,
    422: errors.UnprocessableError,
    502: errors.UnavailableError,
    503: errors.UnavailableError,
    504: errors.UnavailableError,
}
HINTS = {
    401: "wk login gets a token; --token or WK_TOKEN hands one in",
    403: "ask an admin of this hub",
    502: "something between here and the hub answers for it; try again",
}


def from_response(response: httpx.Response) -> errors.WatchkeeperError:
    """The error that an answer of status 400 or above means. The body has been read."""
    try:
        problem = msgspec.json.decode(response.content, type=Problem)
    except msgspec.DecodeError:
        problem = Problem()
    status = response.status_code
    message = problem.title or f"{response.request.method} {response.request.url.path} was answered with {status}"
    if problem.detail and problem.detail not in message:
        message = f"{message}: {problem.detail}"
    hint = problem.hint or HINTS.get(status, "")
    if status == 429:
        return errors.TooManyError(message, hint or "wait and try again", _seconds(response))
    return BY_STATUS.get(status, errors.WatchkeeperError)(message, hint)


def from_transport(error: httpx.TransportError, url: str) -> errors.WatchkeeperError:
    """The error that a refused, broken or silent connection means."""
    if isinstance(error, httpx.UnsupportedProtocol):
        return errors.UsageError(f"{url} is no address of a hub", "it begins with http:// or https://")
    if "CERTIFICATE" in str(error).upper():
        return errors.UnavailableError(
            f"the certificate of the hub at {url} is not trusted: {error}",
            "name the file to check it against with --ca",
        )
    why = "it took too long" if isinstance(error, httpx.TimeoutException) else str(error) or type(error).__name__
    return errors.UnavailableError(
        f"the hub at {url} does not answer: {why}", "wk up starts one here; --hub names another; wk doctor looks closer"
    )


def _seconds(response: httpx.Response) -> float:
    try:
        return float(response.headers.get("Retry-After", "1"))
    except ValueError:
        return 1.0
