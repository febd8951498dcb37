"""One call of the API from its request to its result, without I/O.

`exchange` yields requests and pauses and receives responses; a driver in `_async` or `_sync` does the I/O.
"""

import json
import re
from collections.abc import Generator
from typing import Any, TypeAlias, TypeVar

import httpx
from attrs import frozen

from meshydb._core.connection_errors import StaleConnectionError
from meshydb._core.logging import Attempt
from meshydb._core.messages import Request, Response, secrets_of
from meshydb._core.raw import record_response
from meshydb._core.responses import error_body, request_id, status_error
from meshydb._core.retry import NEVER_SENT, RetryPolicy
from meshydb._exceptions import APIConnectionError, APIResponseError, APITimeoutError
from meshydb._models.model import MalformedError, UnfitError
from meshydb._operations import Operation

T = TypeVar("T")

# A bytes literal in the text of an error, and all after it: h11 and httpcore quote sent or received bytes.
_QUOTED = re.compile(r"""[:\s]*(?:bytearray\()?\bb['"].*""", re.DOTALL)


@frozen
class Sleep:
    """Wait, then resume."""

    seconds: float


# To send a request: resume with its response, or throw the httpx error that was raised in place of one.
Steps: TypeAlias = Generator[Request | Sleep, Response, T]


def exchange(operation: Operation[T], request: Request, policy: RetryPolicy) -> Steps[T]:
    """Carry out an operation.

    Raises:
        APIConnectionError: No usable response arrived.
        APIResponseError: The response is a success, but its body does not match the contract.
        APIStatusError: The status of the response is outside 200 to 299.
    """
    retries = 0
    while True:
        attempt = Attempt(operation, request, retries)
        try:
            response = yield request
        except httpx.HTTPError as error:
            attempt.log_error(error)
            delay = policy.delay_after_error(retries, error, safe_to_replay=operation.safe_to_replay)
            if delay is None:
                raise _connection_error(operation, request, error) from error
        else:
            attempt.log_response(response)
            delay = policy.delay_after_response(retries, response, safe_to_replay=operation.safe_to_replay)
            if delay is None:
                return _outcome(operation, request, response)
        yield Sleep(delay)
        retries += 1


def _outcome(operation: Operation[T], request: Request, response: Response) -> T:
    # The status comes first: the operation can read only the body of a success.
    if not response.is_success:
        raise status_error(response, secrets_of(operation, request), from_auth_host=operation.at_auth_host)
    result = _result(operation, request, response)
    record_response(response)
    return result


def _connection_error(operation: Operation[Any], request: Request, error: httpx.HTTPError) -> APIConnectionError:
    if isinstance(error, httpx.ProtocolError) or _QUOTED.search(str(error)):
        # Bytes of sent headers or of the response may hold a secret. Causes quote the same bytes.
        error.args = (_QUOTED.sub("", str(error)),)
        error.__cause__ = error.__context__ = None
    kind = APITimeoutError if isinstance(error, httpx.TimeoutException) else APIConnectionError
    host = request.url.netloc.decode()
    reason = str(error).removesuffix(".") or type(error).__name__
    translated = kind(f"no usable response from {host}: {reason}{_whether_processed(operation, error)}")
    translated.may_have_been_processed = not isinstance(error, NEVER_SENT)
    translated.connection_was_stale = isinstance(error, StaleConnectionError)
    return translated


def _whether_processed(operation: Operation[Any], error: httpx.HTTPError) -> str:
    """Say whether the request may have been processed, unless it is safe to replay."""
    if operation.safe_to_replay:
        return ""
    if isinstance(error, NEVER_SENT):
        return "; the request was not sent"
    if isinstance(error, StaleConnectionError):
        return "; the idle connection was closed before the request arrived, or after it was processed"
    return "; the request may have been processed"


def _result(operation: Operation[T], request: Request, response: Response) -> T:
    if isinstance(response.error, httpx.DecodingError):
        reason = "the body cannot be decompressed, or is too large"
        raise _response_error(reason, operation, request, response) from response.error
    if response.error is not None:
        raise _connection_error(operation, request, response.error) from response.error
    try:
        body = None if operation.may_be_empty and not response.content else json.loads(response.content)
    except (ValueError, RecursionError):
        reason = "the body is not JSON"
    else:
        reason = f"the body does not match the contract of {operation.operation_id}"
        try:
            return operation.parse(body)
        except KeyError as error:
            reason += f": {error} is missing"
        except UnfitError as error:
            reason = str(error)
        except MalformedError as error:
            # The message names model and member, and shows no value.
            reason += f": {error}"
        except (TypeError, ValueError):
            pass
    # Outside of the handler, so that the error is not chained: it may quote a value or show the whole body.
    raise _response_error(reason, operation, request, response)


def _response_error(reason: str, operation: Operation[Any], request: Request, response: Response) -> APIResponseError:
    return APIResponseError(
        reason,
        status_code=response.status_code,
        body=error_body(response.content),
        request_id=request_id(response, secrets_of(operation, request)),
        headers=response.headers,
    )
