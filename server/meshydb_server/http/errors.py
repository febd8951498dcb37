"""All errors of the API, in their documented form."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, cast

from attrs import field, frozen
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from meshydb_server.schemas import InvalidValueError
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import (
    AuthenticationError,
    BulkError,
    CallerGoneError,
    ConflictError,
    InvalidRequestError,
    LimitError,
    NotFoundError,
    OAuthError,
    OverloadedError,
    PermissionDeniedError,
    QueryLimitError,
    ServiceError,
)
from meshydb_server.storage.engine.errors import NothingDoneError, StorageError

_log = logging.getLogger(__name__)

# The maximum in the contract: a longer wait helps no client.
_LONGEST_WAIT_SECONDS: Final = 86_400
# Retry-After for failures whose end is unknown.
_SOON_SECONDS: Final = "5"
# The maximum of rejected documents in one response.
_MOST_RESULTS: Final = 100
# The names of token endpoints for errors that other operations have too (RFC 6749, 4.1.2.1 and 5.2).
_OAUTH_INVALID_REQUEST: Final = "invalid_request"
_OAUTH_SERVER_ERROR: Final = "server_error"
_OAUTH_UNAVAILABLE: Final = "temporarily_unavailable"


class HttpError(HTTPException):
    """A request that is rejected before it reaches a service."""

    def __init__(self, status: int, message: str, code: ErrorCode, headers: Mapping[str, str] | None = None) -> None:
        """Take the parts of the response."""
        super().__init__(status, message, headers)
        self.code = code


@frozen
class Problem:
    """The content of an error response.

    `oauth_error` is for token endpoints, which return OAuth 2 errors (RFC 6749).
    """

    status: int
    message: str
    code: ErrorCode
    headers: Mapping[str, str] | None = None
    oauth_error: str = _OAUTH_INVALID_REQUEST
    more: Mapping[str, Any] = field(factory=dict[str, Any])
    """Further members of the response."""

    def response(self, *, oauth: bool) -> JSONResponse:
        """The response, in the form of token endpoints or of the other operations."""
        if not oauth:
            body = {"message": self.message, "code": self.code, **self.more}
            return JSONResponse(body, self.status, self.headers)
        body = {"error": self.oauth_error, "error_description": self.message}
        # Errors that other operations return too have their members as well.
        more = {} if self.status == HTTPStatus.BAD_REQUEST else {"message": self.message, "code": self.code}
        return JSONResponse({**body, **more}, self.status, self.headers)


def error_response(
    status: int, message: str, code: ErrorCode, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """An error response of the API."""
    return JSONResponse({"message": message, "code": code}, status, headers)


def bad_request(message: str, code: ErrorCode) -> HttpError:
    """The exception for a malformed or invalid request."""
    return HttpError(HTTPStatus.BAD_REQUEST, message, code)


def method_not_allowed(method: str, allowed: str) -> HttpError:
    """The exception for a method that the path does not have."""
    message = f"{method[:32]} is not allowed here; allowed: {allowed}."
    return HttpError(HTTPStatus.METHOD_NOT_ALLOWED, message, ErrorCode.METHOD_NOT_ALLOWED, {"Allow": allowed})


def no_such_path() -> HttpError:
    """The exception for a path that is not in the contract."""
    return HttpError(HTTPStatus.NOT_FOUND, "There is no such path.", ErrorCode.UNKNOWN_PATH)


def token_missing() -> HttpError:
    """The exception for a request without exactly one well-formed access token, if one is required."""
    message = "An access token is required; send it in the header Authorization: Bearer TOKEN."
    return HttpError(HTTPStatus.UNAUTHORIZED, message, ErrorCode.TOKEN_MISSING, {"WWW-Authenticate": "Bearer"})


def content_too_large(most: int) -> HttpError:
    """The exception for a body that is larger than allowed."""
    # Not HTTPStatus.CONTENT_TOO_LARGE, which Python 3.11 and 3.12 lack.
    return HttpError(413, f"The body is larger than {most} bytes.", ErrorCode.CONTENT_TOO_LARGE)


def unsupported_media_type(message: str) -> HttpError:
    """The exception for a body of an undocumented type or encoding."""
    return HttpError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, message, ErrorCode.UNSUPPORTED_MEDIA_TYPE)


def unavailable(message: str) -> HttpError:
    """The exception for storage that cannot be reached, before anything was done."""
    headers = {"Retry-After": _SOON_SECONDS}
    return HttpError(HTTPStatus.SERVICE_UNAVAILABLE, message, ErrorCode.STORAGE_UNAVAILABLE, headers)


def unexpected_error() -> Problem:
    """The response to a fault of the server. The details are in the log only."""
    message = "The server failed unexpectedly."
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, message, ErrorCode.SERVER_ERROR, oauth_error=_OAUTH_SERVER_ERROR)


def problem_of(error: Exception, request_id: str) -> Problem:
    """The response to an exception. Unexpected exceptions are logged."""
    for kind in type(error).__mro__:
        if kind in _PROBLEMS:
            return _PROBLEMS[kind](error, request_id)
    _log.error("A request failed.", exc_info=error, extra={"requestId": request_id})
    return unexpected_error()


def _http_error(error: HttpError, _: str) -> Problem:
    is_temporary = error.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    oauth_error = _OAUTH_UNAVAILABLE if is_temporary else _OAUTH_INVALID_REQUEST
    return Problem(error.status_code, error.detail, error.code, error.headers, oauth_error)


def code_of_value(error: InvalidValueError) -> ErrorCode:
    """The code of a value that breaks the contract: its own, if it has one."""
    return ErrorCode(error.code or ErrorCode.VALUE_INVALID)


def _invalid_value(error: InvalidValueError, _: str) -> Problem:
    # RFC 6749 has a separate error for this member of a token request.
    unsupported = (error.path, error.keyword) == ("grant_type", "enum")
    oauth_error = "unsupported_grant_type" if unsupported else _OAUTH_INVALID_REQUEST
    return Problem(HTTPStatus.BAD_REQUEST, str(error), code_of_value(error), oauth_error=oauth_error)


def _bad_request(error: ServiceError, _: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, error.message, error.code)


def _not_found(error: NotFoundError, _: str) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, error.message, error.code)


def _oauth(error: OAuthError, _: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, error.message, error.code, oauth_error=error.error)


def _unauthenticated(error: AuthenticationError, _: str) -> Problem:
    # RFC 6750, 3: if a token was sent, the response says that the token is invalid.
    challenge = 'Bearer error="invalid_token", error_description="The access token is not valid."'
    return Problem(HTTPStatus.UNAUTHORIZED, error.message, error.code, {"WWW-Authenticate": challenge})


def _forbidden(error: PermissionDeniedError, _: str) -> Problem:
    return Problem(HTTPStatus.FORBIDDEN, error.message, error.code)


def _limited(error: LimitError, _: str) -> Problem:
    seconds = min(max(1, error.retry_after), _LONGEST_WAIT_SECONDS)
    message = f"Too many requests; try again in {seconds} seconds."
    headers = {"Retry-After": str(seconds)}
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, message, error.code, headers, _OAUTH_UNAVAILABLE)


def _query_limited(error: QueryLimitError, _: str) -> Problem:
    headers = {"Retry-After": str(error.retry_after)}
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, error.message, error.code, headers)


def _bulk(error: BulkError, _: str) -> Problem:
    status = HTTPStatus.BAD_REQUEST
    results = [
        {"index": each.index, "status": status, "message": each.error.message, "code": each.error.code}
        for each in error.rejected[:_MOST_RESULTS]
    ]
    return Problem(HTTPStatus.BAD_REQUEST, error.message, error.code, more={"results": results})


def _overloaded(error: OverloadedError, _: str) -> Problem:
    headers = {"Retry-After": str(error.retry_after)}
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, error.message, error.code, headers, _OAUTH_UNAVAILABLE)


def _storage_failed(error: StorageError, request_id: str) -> Problem:
    _log.error("Storage failed.", exc_info=error, extra={"requestId": request_id})
    # Clients repeat any request with Retry-After, and a commit without a response may have succeeded.
    headers = {"Retry-After": _SOON_SECONDS} if isinstance(error, NothingDoneError) else {}
    message = "The server cannot reach its storage; try again later."
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return Problem(status, message, ErrorCode.STORAGE_UNAVAILABLE, headers, _OAUTH_UNAVAILABLE)


def _client_left(_: ClientDisconnect | CallerGoneError, __: str) -> Problem:
    # Nobody reads this response. It keeps a closed connection from being logged as a server error.
    return _bad_request(CallerGoneError(), "")


_PROBLEMS: Final = cast(
    "Mapping[type, Callable[[Any, str], Problem]]",
    {
        HttpError: _http_error,
        InvalidValueError: _invalid_value,
        InvalidRequestError: _bad_request,
        BulkError: _bulk,
        ConflictError: _bad_request,
        NotFoundError: _not_found,
        OAuthError: _oauth,
        AuthenticationError: _unauthenticated,
        PermissionDeniedError: _forbidden,
        LimitError: _limited,
        QueryLimitError: _query_limited,
        OverloadedError: _overloaded,
        StorageError: _storage_failed,
        ClientDisconnect: _client_left,
        CallerGoneError: _client_left,
    },
)
