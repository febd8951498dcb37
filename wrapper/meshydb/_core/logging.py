"""Request logging: one record on the logger `meshydb` for each request, unless it was cancelled.

A record holds the route, never the path, which may name a user; no body, and no header except the request id. Successes
are logged at DEBUG. Everything else is logged at INFO, because the caller gets an exception.
"""

import logging
import os
import threading
from time import perf_counter
from typing import Any

from meshydb._core.messages import Request, Response, secrets_of
from meshydb._core.redaction import RedactingFilter
from meshydb._core.responses import request_id
from meshydb._operations import Operation

VARIABLE = "MESHYDB_LOG"

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO}
_MESSAGE = "%(method)s %(route)s %(outcome)s in %(duration).3f s (request %(request_id)s, retry %(retry)d)"
_FORMAT = "%(asctime)s %(name)s %(levelname)s %(message)s"

_configuring = threading.Lock()
_logger = logging.getLogger("meshydb")
_logger.addHandler(logging.NullHandler())
_logger.addFilter(RedactingFilter())


class Attempt:
    """One attempt to send a request. The duration starts when the attempt is created.

    Args:
        operation: The operation.
        request: Its request.
        retry: The number of earlier attempts.

    The fields of its record: `method`, `route`, `status`, `error` (the class of the error if no complete response
    arrived, else None), `duration` in seconds, `request_id` and `retry`.
    """

    def __init__(self, operation: Operation[Any], request: Request, retry: int) -> None:
        self._operation = operation
        self._request = request
        self._retry = retry
        self._started = perf_counter()

    def log_response(self, response: Response) -> None:
        """Log a response, and whether its body could be read."""
        error = response.error
        level = logging.DEBUG if response.is_success and error is None else logging.INFO
        outcome = f"{response.status_code}" if error is None else f"{response.status_code}, {_kind(error)},"
        self._log(level, outcome, error, response)

    def log_error(self, error: Exception) -> None:
        """Log that no response arrived."""
        self._log(logging.INFO, f"no response, {_kind(error)},", error)

    def _log(self, level: int, outcome: str, error: Exception | None, response: Response | None = None) -> None:
        if not _logger.isEnabledFor(level):
            return
        fields = {
            "method": self._operation.method,
            "route": self._operation.route,
            "status": response and response.status_code,
            "error": _kind(error),
            "duration": perf_counter() - self._started,
            "request_id": response and request_id(response, secrets_of(self._operation, self._request)),
            "retry": self._retry,
        }
        _logger.log(level, _MESSAGE, {**fields, "outcome": outcome}, extra=fields)


def _kind(error: Exception | None) -> str | None:
    # Not its text, which may quote the request.
    return None if error is None else type(error).__name__


def configure_from_environment() -> None:
    """Set the logger's level from `MESHYDB_LOG`, and add a handler for standard error unless there is one.

    Raises:
        ValueError: The variable holds another value than a level.
    """
    value = os.environ.get(VARIABLE)
    if not value:
        return
    level = _LEVELS.get(value.lower())
    if level is None:
        raise ValueError(f"{VARIABLE} must be one of {', '.join(_LEVELS)}")
    _logger.setLevel(level)
    # Threads that create clients at the same time must not each add a handler.
    with _configuring:
        handlers = [*_logger.handlers, *logging.getLogger().handlers]
        if all(isinstance(handler, logging.NullHandler) for handler in handlers):
            handler = logging.StreamHandler()
            handler.setFormatter(logging.Formatter(_FORMAT))
            _logger.addHandler(handler)
