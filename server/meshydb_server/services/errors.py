"""Why a service refuses. Each message is one sentence for a person to read, and holds no secret."""

from __future__ import annotations

from typing import Final

from meshydb_server.services.error_codes import ErrorCode


class RefusedError(Exception):
    """The base of all refusals; `code` names the reason for programs."""

    def __init__(self, message: str, code: ErrorCode) -> None:
        """Take the sentence and the code."""
        super().__init__(message)
        self.code = code

    @property
    def message(self) -> str:
        """The sentence."""
        return str(self)


class NotFoundError(RefusedError):
    """What the caller names does not exist."""


class ConflictError(RefusedError):
    """What the caller wants to create exists already."""


class InvalidRequestError(RefusedError):
    """The request is well-formed, and still cannot be served."""


class LimitError(RefusedError):
    """A limit is used up; `retry_after` is how many seconds to wait."""

    def __init__(self, retry_after: int) -> None:
        """Say how long to wait."""
        super().__init__(f"Too many requests; ask again in {retry_after} seconds.", ErrorCode.LIMIT_EXCEEDED)
        self.retry_after = retry_after


class OverloadedError(RefusedError):
    """Too many are waiting for the same work; `retry_after` is how many seconds to wait."""

    retry_after: Final = 5

    def __init__(self) -> None:
        """Say how long to wait."""
        message = f"The server is overloaded; try again in {self.retry_after} seconds."
        super().__init__(message, ErrorCode.OVERLOADED)


class CallerGoneError(RefusedError):
    """The caller has closed the connection, so that there is nobody to answer."""

    def __init__(self) -> None:
        """Say so, although nobody reads it."""
        super().__init__("The connection was closed before the request was complete.", ErrorCode.INVALID_REQUEST)


class AuthenticationError(RefusedError):
    """The access token is not good for what is called."""

    def __init__(self, message: str) -> None:
        """Take the sentence."""
        super().__init__(message, ErrorCode.TOKEN_INVALID)


class PermissionDeniedError(RefusedError):
    """The access token does not hold a permission."""

    def __init__(self, permission: str) -> None:
        """Name the permission, such as `users.read`."""
        message = f"The permission {permission.replace('.', ':')} is required."
        super().__init__(message, ErrorCode.PERMISSION_REQUIRED)


class AuthorityError(PermissionDeniedError):
    """The caller holds the permission, but for others than the one that they act on."""

    def __init__(self, message: str) -> None:
        """Say what the caller cannot do."""
        RefusedError.__init__(self, message, ErrorCode.AUTHORITY_INSUFFICIENT)


class OAuthError(RefusedError):
    """A token endpoint refuses; `error` is one of RFC 6749's or RFC 7009's, and stands in place of the code."""

    def __init__(self, error: str, description: str) -> None:
        """Take RFC 6749's name of the error, and the sentence for people."""
        super().__init__(description, ErrorCode.INVALID_REQUEST)
        self.error = error
