"""Every error of the API in its documented shape."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, cast

from attrs import frozen
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from meshydb_server.contract import InvalidValueError
from meshydb_server.services.errors import (
    AuthenticationError,
    CallerGoneError,
    ConflictError,
    InvalidRequestError,
    LimitError,
    NotFoundError,
    OAuthError,
    OverloadedError,
    PermissionDeniedError,
    RefusedError,
)
from meshydb_server.storage.errors import StorageError

_log = logging.getLogger(__name__)

# The contract's bound: a client that is told to wait for a month has been told nothing.
_LONGEST_WAIT_SECONDS: Final = 86_400
# When to ask again after a failure whose end nobody knows.
_SOON_SECONDS: Final = "5"


@frozen
class Problem:
    """What an error answer says. The code is for token endpoints, whose errors are those of OAuth 2 (RFC 6749).

    `reason` is the `code` of all other endpoints, where the status alone does not tell a program what to do.
    """

    status: int
    message: str
    headers: Mapping[str, str] | None = None
    code: str = "invalid_request"
    reason: str | None = None

    def response(self, *, oauth: bool) -> JSONResponse:
        """The answer, in the shape of a token endpoint or of the rest of the API."""
        if not oauth:
            return error_response(self.status, self.message, self.headers, self.reason)
        body = {"error": self.code, "error_description": self.message}
        # All that other operations answer too has their member besides.
        more = {} if self.status == HTTPStatus.BAD_REQUEST else {"message": self.message}
        return JSONResponse({**body, **more}, self.status, self.headers)


def error_response(
    status: int, message: str, headers: Mapping[str, str] | None = None, code: str | None = None
) -> JSONResponse:
    """An error answer of the API."""
    return JSONResponse({"message": message} if code is None else {"message": message, "code": code}, status, headers)


def bad_request(message: str) -> HTTPException:
    """The exception for a request that is malformed or breaks a bound."""
    return HTTPException(HTTPStatus.BAD_REQUEST, message)


def method_not_allowed(method: str, allowed: str) -> HTTPException:
    """The exception for a path that exists, but not for this method."""
    message = f"{method[:32]} is not allowed here; allowed: {allowed}."
    return HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, message, {"Allow": allowed})


def no_such_path() -> HTTPException:
    """The exception for a path that the contract does not have."""
    return HTTPException(HTTPStatus.NOT_FOUND, "There is no such path.")


def unavailable(message: str) -> HTTPException:
    """The exception for what the server needs and cannot reach, before anything was done."""
    return HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, message, {"Retry-After": _SOON_SECONDS})


def unexpected_error() -> Problem:
    """The answer when the server is at fault. Tells nothing of the fault, which is in the log."""
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The server failed unexpectedly.", code="server_error")


def problem_of(error: Exception, request_id: str) -> Problem:
    """What to answer for an exception; one that nobody expected is logged."""
    for kind in type(error).__mro__:
        if kind in _PROBLEMS:
            return _PROBLEMS[kind](error, request_id)
    _log.error("An exchange failed.", exc_info=error, extra={"requestId": request_id})
    return unexpected_error()


def _http_exception(error: HTTPException, _: str) -> Problem:
    code = "temporarily_unavailable" if error.status_code == HTTPStatus.SERVICE_UNAVAILABLE else "invalid_request"
    return Problem(error.status_code, error.detail, error.headers, code)


def _invalid_value(error: InvalidValueError, _: str) -> Problem:
    # RFC 6749 has a code of its own for this one member of a token request.
    unsupported = (error.place, error.keyword) == ("grant_type", "enum")
    code = "unsupported_grant_type" if unsupported else "invalid_request"
    return Problem(HTTPStatus.BAD_REQUEST, str(error), code=code)


def _bad_request(error: RefusedError, _: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, error.message, reason=error.code)


def _not_found(error: NotFoundError, _: str) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, error.message)


def _oauth(error: OAuthError, _: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, error.message, code=error.code or "invalid_request")


def _unauthenticated(error: AuthenticationError, _: str) -> Problem:
    # RFC 6750, 3: once a token was sent, the answer says that it was the token.
    challenge = 'Bearer error="invalid_token", error_description="The access token is not valid."'
    return Problem(HTTPStatus.UNAUTHORIZED, error.message, {"WWW-Authenticate": challenge})


def _forbidden(error: PermissionDeniedError, _: str) -> Problem:
    return Problem(HTTPStatus.FORBIDDEN, error.message)


def _limited(error: LimitError, _: str) -> Problem:
    seconds = min(max(1, error.retry_after), _LONGEST_WAIT_SECONDS)
    message = f"Too many requests; ask again in {seconds} seconds."
    headers = {"Retry-After": str(seconds)}
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, message, headers, "temporarily_unavailable")


def _overloaded(error: OverloadedError, _: str) -> Problem:
    headers = {"Retry-After": str(error.retry_after)}
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, error.message, headers, "temporarily_unavailable")


def _storage_failed(error: StorageError, request_id: str) -> Problem:
    _log.error("Storage failed.", exc_info=error, extra={"requestId": request_id})
    # Without Retry-After, with which clients send anything again: a commit whose answer was lost may stand.
    message = "The server cannot reach its storage; try again later."
    return _http_exception(HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, message), request_id)


def _client_left(_: ClientDisconnect | CallerGoneError, __: str) -> Problem:
    # Nobody reads this; it is here so that the log does not take a closed connection for a fault of the server.
    return Problem(HTTPStatus.BAD_REQUEST, "The connection was closed before the request was complete.")


_PROBLEMS: Final = cast(
    "Mapping[type, Callable[[Any, str], Problem]]",
    {
        HTTPException: _http_exception,
        InvalidValueError: _invalid_value,
        InvalidRequestError: _bad_request,
        ConflictError: _bad_request,
        NotFoundError: _not_found,
        OAuthError: _oauth,
        AuthenticationError: _unauthenticated,
        PermissionDeniedError: _forbidden,
        LimitError: _limited,
        OverloadedError: _overloaded,
        StorageError: _storage_failed,
        ClientDisconnect: _client_left,
        CallerGoneError: _client_left,
    },
)
