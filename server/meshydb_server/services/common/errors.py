"""The errors of services. Each message is one sentence for a person, without secrets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from meshydb_server.services.common.error_codes import ErrorCode


class ServiceError(Exception):
    """The base class of these errors, which reject a request. `code` identifies the reason for programs."""

    limit: str | None = None
    """The name of the limit that rejects the request, if one does."""

    def __init__(self, message: str, code: ErrorCode) -> None:
        """Take the message and the code."""
        super().__init__(message)
        self.code = code

    @property
    def message(self) -> str:
        """The message of the error."""
        return str(self)


class NotFoundError(ServiceError):
    """A named account, tenant, user or role does not exist."""


class ConflictError(ServiceError):
    """The thing to create already exists."""


class InvalidRequestError(ServiceError):
    """The request is well-formed but cannot be fulfilled."""


@frozen
class RejectedItem:
    """Why an item of a list is rejected: its index, and the error that it alone would have had."""

    index: int
    error: ServiceError


class BulkError(InvalidRequestError):
    """Items of a list are rejected, and nothing was done."""

    def __init__(self, message: str, code: ErrorCode, rejected: Sequence[RejectedItem]) -> None:
        """Take the message, the code, and the rejected items."""
        super().__init__(message, code)
        self.rejected = rejected


class LimitError(ServiceError):
    """A limit is used up. `retry_after` is the number of seconds to wait."""

    def __init__(self, retry_after: int, limit: str | None = None) -> None:
        """Take the number of seconds to wait, and the name of the limit."""
        super().__init__(f"Too many requests; try again in {retry_after} seconds.", ErrorCode.LIMIT_EXCEEDED)
        self.retry_after = retry_after
        self.limit = limit


class QueryLimitError(ServiceError):
    """A query takes more than the server allows. `retry_after` is the number of seconds to wait."""

    def __init__(self, message: str, code: ErrorCode, retry_after: int) -> None:
        """Take the message, the code, and the number of seconds to wait."""
        super().__init__(message, code)
        self.retry_after = retry_after
        self.limit = code.value.replace("_", "-")


class OverloadedError(ServiceError):
    """Too many requests wait for the same work. `retry_after` is the number of seconds to wait."""

    retry_after: Final = 5
    limit: str | None = "hashes-waiting"

    def __init__(self) -> None:
        """Set the number of seconds to wait."""
        message = f"The server is overloaded; try again in {self.retry_after} seconds."
        super().__init__(message, ErrorCode.OVERLOADED)


class CallerGoneError(ServiceError):
    """The caller has closed the connection, so nobody will read the response."""

    def __init__(self) -> None:
        """Set the message, although nobody will read it."""
        super().__init__("The connection was closed before the request was complete.", ErrorCode.INVALID_REQUEST)


class AuthenticationError(ServiceError):
    """The access token is not valid for the operation."""

    def __init__(self, message: str) -> None:
        """Take the message."""
        super().__init__(message, ErrorCode.TOKEN_INVALID)


class PermissionDeniedError(ServiceError):
    """The access token lacks a permission."""

    def __init__(self, *permissions: str) -> None:
        """Name the permission, such as `users.read`, or several of which one suffices."""
        names = " or ".join(":".join(permission.rsplit(".", 1)) for permission in permissions)
        super().__init__(f"The permission {names} is required.", ErrorCode.PERMISSION_REQUIRED)


class AuthorityError(PermissionDeniedError):
    """The caller has the permission, but not for this user or role."""

    def __init__(self, message: str) -> None:
        """Take the message."""
        ServiceError.__init__(self, message, ErrorCode.AUTHORITY_INSUFFICIENT)


class OAuthError(ServiceError):
    """An OAuth error. `error` is a name from RFC 6749 or RFC 7009, and replaces the code."""

    def __init__(self, error: str, description: str) -> None:
        """Take the OAuth name of the error, and the message."""
        super().__init__(description, ErrorCode.INVALID_REQUEST)
        self.error = error
