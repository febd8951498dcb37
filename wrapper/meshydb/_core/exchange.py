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
from meshydb._core.messages import Answer, Request, secrets_of
from meshydb._core.raw import note_answer
from meshydb._core.responses import error_body, request_id, status_error
from meshydb._core.retry import NEVER_SENT, RetryPolicy
from meshydb._exceptions import APIConnectionError, APIResponseError, APITimeoutError
from meshydb._models.model import MalformedError
from meshydb._operations import Operation

T = TypeVar("T")

# A bytes literal in the text of an error, and all after it: h11 and httpcore quote sent or received bytes.
_QUOTED = re.compile(r"""[:\s]*(?:bytearray\()?\bb['"].*""", re.DOTALL)


@frozen
class Sleep:
    """Wait, then resume."""

    seconds: float


# To send a request: resume with its response, or throw the httpx error that was raised in place of one.
Steps: TypeAlias = Generator[Request | Sleep, Answer, T]


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
            answer = yield request
        except httpx.HTTPError as error:
            attempt.failed(error)
            delay = policy.delay_after_error(retries, error, safe_to_replay=operation.safe_to_replay)
            if delay is None:
                raise _connection_error(operation, request, error) from error
        else:
            attempt.answered(answer)
            delay = policy.delay_after_answer(retries, answer, safe_to_replay=operation.safe_to_replay)
            if delay is None:
                return _outcome(operation, request, answer)
        yield Sleep(delay)
        retries += 1


def _outcome(operation: Operation[T], request: Request, answer: Answer) -> T:
    # The status comes first: the operation can read only the body of a success.
    if not answer.is_success:
        raise status_error(answer, secrets_of(operation, request), from_auth_host=operation.at_auth_host)
    result = _result(operation, request, answer)
    note_answer(answer)
    return result


def _connection_error(operation: Operation[Any], request: Request, error: httpx.HTTPError) -> APIConnectionError:
    if isinstance(error, httpx.ProtocolError) or _QUOTED.search(str(error)):
        # Bytes of sent headers or of the response may hold a secret. Causes quote the same bytes.
        error.args = (_QUOTED.sub("", str(error)),)
        error.__cause__ = error.__context__ = None
    kind = APITimeoutError if isinstance(error, httpx.TimeoutException) else APIConnectionError
    host = request.url.netloc.decode()
    reason = str(error).removesuffix(".") or type(error).__name__
    told = kind(f"no usable response from {host}: {reason}{_fate(operation, error)}")
    told.may_have_been_processed = not isinstance(error, NEVER_SENT)
    told.connection_was_stale = isinstance(error, StaleConnectionError)
    return told


def _fate(operation: Operation[Any], error: httpx.HTTPError) -> str:
    """Say whether the request may have been processed, unless it is safe to replay."""
    if operation.safe_to_replay:
        return ""
    if isinstance(error, NEVER_SENT):
        return "; the request was not sent"
    if isinstance(error, StaleConnectionError):
        return "; the idle connection was closed before the request arrived, or after it was processed"
    return "; the request may have been processed"


def _result(operation: Operation[T], request: Request, answer: Answer) -> T:
    if isinstance(answer.error, httpx.DecodingError):
        reason = "the body cannot be decompressed, or is too large"
        raise _response_error(reason, operation, request, answer) from answer.error
    if answer.error is not None:
        raise _connection_error(operation, request, answer.error) from answer.error
    try:
        body = None if operation.may_be_empty and not answer.content else json.loads(answer.content)
    except (ValueError, RecursionError):
        reason = "the body is not JSON"
    else:
        reason = f"the body does not match the contract of {operation.operation_id}"
        try:
            return operation.parse(body)
        except KeyError as error:
            reason += f": {error} is missing"
        except MalformedError as error:
            # The message names model and member, and shows no value.
            reason += f": {error}"
        except (TypeError, ValueError):
            pass
    # Outside of the handler, so that the error is not chained: it may quote a value or show the whole body.
    raise _response_error(reason, operation, request, answer)


def _response_error(reason: str, operation: Operation[Any], request: Request, answer: Answer) -> APIResponseError:
    return APIResponseError(
        reason,
        status_code=answer.status_code,
        body=error_body(answer.content),
        request_id=request_id(answer, secrets_of(operation, request)),
        headers=answer.headers,
    )
