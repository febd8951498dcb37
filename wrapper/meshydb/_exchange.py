"""One call of the API from its request to its result, without I/O.

`exchange` yields what is to be done and is told what came of it; a driver in `_async` or `_sync` does it.
"""

import json
from collections.abc import Generator
from typing import TypeAlias, TypeVar

import httpx
from attrs import field, frozen

from meshydb._exceptions import APIConnectionError, APIResponseError, APITimeoutError
from meshydb._operations import Operation
from meshydb._raw import note_answer
from meshydb._responses import error_body, request_id, status_error
from meshydb._retry import RetryPolicy

T = TypeVar("T")


@frozen
class Send:
    """Send the request; resume with what was received, or throw the httpx error that came instead of an answer."""

    request: httpx.Request


@frozen
class Sleep:
    """Wait, then resume."""

    seconds: float


@frozen
class Received:
    """An answer whose status line and headers arrived.

    Attributes:
        response: The answer, closed.
        content: The body, decompressed; empty if it could not be read. Not in the `repr`, as it may hold secrets.
        error: Why the body could not be read; None when it was.
    """

    response: httpx.Response
    content: bytes = field(default=b"", repr=False)
    error: httpx.HTTPError | None = None


Steps: TypeAlias = Generator[Send | Sleep, Received, T]


def exchange(operation: Operation[T], request: httpx.Request, policy: RetryPolicy) -> Steps[T]:
    """Carry out an operation.

    Raises:
        APIConnectionError: No usable answer arrived.
        APIResponseError: The service reported success with a body that is not what the contract says.
        APIStatusError: The service answered with a status that is not a success.
    """
    retries = 0
    while True:
        try:
            received = yield Send(request)
        except httpx.HTTPError as error:
            delay = policy.delay_after_error(operation.operation_id, retries, error)
            if delay is None:
                raise _connection_error(request, error) from error
        else:
            delay = policy.delay_after_answer(operation.operation_id, retries, received.response, received.error)
            if delay is None:
                return _outcome(operation, request, received)
        yield Sleep(delay)
        retries += 1


def _outcome(operation: Operation[T], request: httpx.Request, received: Received) -> T:
    # The status comes first: only a success has the body that the operation knows how to read.
    if not received.response.is_success:
        raise status_error(received.response, received.content, from_auth_host=operation.at_auth_host)
    result = _result(operation, request, received)
    note_answer(received.response, received.content)
    return result


def _connection_error(request: httpx.Request, error: httpx.HTTPError) -> APIConnectionError:
    kind = APITimeoutError if isinstance(error, httpx.TimeoutException) else APIConnectionError
    host = request.url.netloc.decode()
    return kind(f"no usable answer from {host}: {str(error) or type(error).__name__}")


def _result(operation: Operation[T], request: httpx.Request, received: Received) -> T:
    if isinstance(received.error, httpx.DecodingError):
        raise _response_error("the body cannot be decompressed, or is too large", received) from received.error
    if received.error is not None:
        raise _connection_error(request, received.error) from received.error
    try:
        body = None if operation.may_be_empty and not received.content else json.loads(received.content)
    except (ValueError, RecursionError) as error:
        raise _response_error("the body is not JSON", received) from error
    try:
        return operation.parse(body)
    except (KeyError, TypeError, ValueError) as error:
        message = f"the body is not what the contract says of {operation.operation_id}"
        raise _response_error(message, received) from error


def _response_error(message: str, received: Received) -> APIResponseError:
    return APIResponseError(
        message,
        status_code=received.response.status_code,
        body=error_body(received.content),
        request_id=request_id(received.response),
    )
