"""The tree of errors.

Every error says what was tried, why it failed, what to do about it, and whether trying again can
help. The command line turns `exit_code` into its exit status; the API turns `status` into HTTP.
"""

from __future__ import annotations


class WatchkeeperError(Exception):
    """Root of all errors that a person may get to read.

    `message` says what failed, on what and why; `hint` says what to do; `retryable` whether the
    same call can succeed later without anybody changing anything.
    """

    exit_code = 1
    status = 500
    retryable = False

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(WatchkeeperError):
    """The call itself is wrong: an unknown option, a value that cannot be read."""

    exit_code = 2
    status = 400


class SettingsError(UsageError):
    """A configuration file or environment variable says something that cannot be meant."""


class NotFoundError(WatchkeeperError):
    """The named thing does not exist, or is not visible to this caller."""

    exit_code = 4
    status = 404


class UnprocessableError(UsageError):
    """Well-formed, yet it cannot be carried out: an unknown metric, an empty range."""

    status = 422


class UnauthenticatedError(WatchkeeperError):
    """Nobody is signed in, or the token is wrong, expired or revoked."""

    exit_code = 5
    status = 401


class ForbiddenError(WatchkeeperError):
    """Known, but not allowed to do this."""

    exit_code = 5
    status = 403


class ConflictError(WatchkeeperError):
    """Somebody got there first, or the thing already exists."""

    exit_code = 6
    status = 409


class TooLargeError(WatchkeeperError):
    """More bytes than the limit allows."""

    status = 413


class TooManyError(WatchkeeperError):
    """Asked too often; `retry_after` is in seconds."""

    status = 429
    retryable = True

    def __init__(self, message: str, hint: str = "", retry_after: float = 1.0) -> None:
        super().__init__(message, hint)
        self.retry_after = retry_after


class UnavailableError(WatchkeeperError):
    """The other side is not there now: refused, timed out, shutting down. Trying again can help."""

    exit_code = 3
    status = 503
    retryable = True


class FormatError(WatchkeeperError):
    """Bytes that are not what their format page says. `offset` is in bytes from the start."""

    status = 400

    def __init__(self, message: str, hint: str = "", offset: int = 0) -> None:
        super().__init__(message, hint)
        self.offset = offset


class StorageError(WatchkeeperError):
    """A disk or database did not do what it must: full, read-only, failing, damaged."""

    status = 503
    retryable = True
