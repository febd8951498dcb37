"""The log: one record for each request that was answered or failed, on the logger `meshydb`; a cancelled one has none.

A record has the route's template and never its path, which may name a person; no body, and no header but the request's
id. What went as it should is logged at DEBUG, and all else at INFO: what it means, the caller is told by an exception.
"""

import logging
import os
import threading
from time import perf_counter
from typing import Any

from meshydb._messages import Answer, Request, secrets_of
from meshydb._operations import Operation
from meshydb._redaction import RedactingFilter
from meshydb._responses import request_id

VARIABLE = "MESHYDB_LOG"

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO}
_MESSAGE = "%(method)s %(route)s %(outcome)s in %(duration).3f s (request %(request_id)s, retry %(retry)d)"
_FORMAT = "%(asctime)s %(name)s %(levelname)s %(message)s"

_configuring = threading.Lock()
_logger = logging.getLogger("meshydb")
_logger.addHandler(logging.NullHandler())
_logger.addFilter(RedactingFilter())


class Attempt:
    """One sending of a request, timed from when this is made.

    Args:
        operation: What is to be carried out.
        request: What is sent for it.
        retry: How often the request was sent before.

    The fields of its record: `method`, `route`, `status`, `error` (the class of what went wrong if no whole answer
    arrived, else None), `duration` in seconds, `request_id` and `retry`.
    """

    def __init__(self, operation: Operation[Any], request: Request, retry: int) -> None:
        self._operation = operation
        self._request = request
        self._retry = retry
        self._started = perf_counter()

    def answered(self, answer: Answer) -> None:
        """Log that the service answered, and whether the body could be read."""
        error = answer.error
        level = logging.DEBUG if answer.is_success and error is None else logging.INFO
        outcome = f"{answer.status_code}" if error is None else f"{answer.status_code}, {_kind(error)},"
        self._log(level, outcome, error, answer)

    def failed(self, error: Exception) -> None:
        """Log that no answer arrived."""
        self._log(logging.INFO, f"no answer, {_kind(error)},", error)

    def _log(self, level: int, outcome: str, error: Exception | None, answer: Answer | None = None) -> None:
        if not _logger.isEnabledFor(level):
            return
        fields = {
            "method": self._operation.method,
            "route": self._operation.route,
            "status": answer and answer.status_code,
            "error": _kind(error),
            "duration": perf_counter() - self._started,
            "request_id": answer and request_id(answer, secrets_of(self._operation, self._request)),
            "retry": self._retry,
        }
        _logger.log(level, _MESSAGE, {**fields, "outcome": outcome}, extra=fields)


def _kind(error: Exception | None) -> str | None:
    # Not its text, which may quote what was sent.
    return None if error is None else type(error).__name__


def configure_from_environment() -> None:
    """Do as the variable says: set the logger's level, and write to standard error unless a handler is there.

    Raises:
        ValueError: It holds no level that there is.
    """
    value = os.environ.get(VARIABLE)
    if not value:
        return
    level = _LEVELS.get(value.lower())
    if level is None:
        raise ValueError(f"{VARIABLE} must be one of {', '.join(_LEVELS)}")
    _logger.setLevel(level)
    # Threads that make their clients at the same time must not add a handler each.
    with _configuring:
        handlers = [*_logger.handlers, *logging.getLogger().handlers]
        if all(isinstance(handler, logging.NullHandler) for handler in handlers):
            handler = logging.StreamHandler()
            handler.setFormatter(logging.Formatter(_FORMAT))
            _logger.addHandler(handler)
