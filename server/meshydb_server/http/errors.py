"""Every error of the API in its one documented shape."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, cast

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from meshydb_server.contract import InvalidValueError
from meshydb_server.services.errors import ConflictError, InvalidRequestError, NotFoundError, RefusedError
from meshydb_server.storage.errors import StorageError

_log = logging.getLogger(__name__)

_STATUS_OF_REFUSAL: Final[Mapping[type[RefusedError], HTTPStatus]] = {
    InvalidRequestError: HTTPStatus.BAD_REQUEST,
    ConflictError: HTTPStatus.BAD_REQUEST,
    NotFoundError: HTTPStatus.NOT_FOUND,
}


def error_response(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An error answer."""
    return JSONResponse({"message": message}, status, headers)


def bad_request(message: str) -> HTTPException:
    """The exception for a request that is malformed or breaks a bound."""
    return HTTPException(HTTPStatus.BAD_REQUEST, message)


def method_not_allowed(method: str, allowed: str) -> HTTPException:
    """The exception for a path that exists, but not for this method."""
    message = f"{method[:32]} is not allowed here; allowed: {allowed}."
    return HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, message, {"Allow": allowed})


def unexpected_error() -> JSONResponse:
    """The answer when the server is at fault. Tells nothing of the fault, which is in the log."""
    return error_response(HTTPStatus.INTERNAL_SERVER_ERROR, "The server failed unexpectedly.")


def http_error(error: HTTPException) -> JSONResponse:
    """The answer for an exception that has a status of its own."""
    if error.status_code == HTTPStatus.NOT_FOUND:
        return error_response(HTTPStatus.NOT_FOUND, "There is no such path.")
    return error_response(error.status_code, error.detail, error.headers)


def _http_exception(_: Request, error: Exception) -> Response:
    return http_error(cast("HTTPException", error))


def _invalid_value(_: Request, error: Exception) -> Response:
    return error_response(HTTPStatus.BAD_REQUEST, str(error))


def _refused(_: Request, error: Exception) -> Response:
    error = cast("RefusedError", error)
    return error_response(_STATUS_OF_REFUSAL[type(error)], error.message)


def _storage_failed(request: Request, error: Exception) -> Response:
    _log.error("Storage failed.", exc_info=error, extra={"requestId": request.state.request_id})
    return error_response(HTTPStatus.SERVICE_UNAVAILABLE, "The server cannot reach its storage; try again later.")


def _client_left(_: Request, __: Exception) -> Response:
    # Nobody reads this; it is here so that the log does not take a closed connection for a fault of the server.
    return error_response(HTTPStatus.BAD_REQUEST, "The connection was closed before the request was complete.")


EXCEPTION_HANDLERS: Final[Mapping[Any, Callable[[Request, Exception], Response]]] = {
    HTTPException: _http_exception,
    ClientDisconnect: _client_left,
    InvalidValueError: _invalid_value,
    RefusedError: _refused,
    StorageError: _storage_failed,
}
