"""The log: one record for each request that was sent, on the logger `meshydb`.

A record has the route's template and never its path, which may name a person; no body, and no header but the request's
id. What went as it should is logged at DEBUG, and all else at INFO: what it means, the caller is told by an exception.
"""

import logging
import os
from time import perf_counter
from typing import Any

from meshydb._messages import Answer
from meshydb._operations import Operation
from meshydb._redaction import RedactingFilter
from meshydb._responses import request_id

VARIABLE = "MESHYDB_LOG"

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO}
_MESSAGE = "%(method)s %(route)s %(outcome)s in %(duration).3f s (request %(request_id)s, retry %(retry)d)"
_FORMAT = "%(asctime)s %(name)s %(levelname)s %(message)s"

_logger = logging.getLogger("meshydb")
_logger.addHandler(logging.NullHandler())
_logger.addFilter(RedactingFilter())


class Attempt:
    """One sending of a request, timed from when this is made.

    Args:
        operation: What is to be carried out.
        retry: How often the request was sent before.

    The fields of its record: `method`, `route`, `status`, `error` (the kind, without a whole answer), `duration` in
    seconds, `request_id` and `retry`.
    """

    def __init__(self, operation: Operation[Any], retry: int) -> None:
        self._operation = operation
        self._retry = retry
        self._started = perf_counter()

    def answered(self, answer: Answer) -> None:
        """Log that the service answered, and whether the body could be read."""
        status, error = answer.status_code, answer.error
        level = logging.DEBUG if answer.is_success and error is None else logging.INFO
        outcome = f"{status}" if error is None else f"{status}, {_kind(error)},"
        self._log(level, outcome, status=status, error=_kind(error), request_id=request_id(answer))

    def failed(self, error: Exception) -> None:
        """Log that no answer arrived."""
        self._log(logging.INFO, f"no answer, {_kind(error)},", error=_kind(error))

    def _log(self, level: int, outcome: str, **given: object) -> None:
        if not _logger.isEnabledFor(level):
            return
        fields = {
            "method": self._operation.method,
            "route": self._operation.route,
            "status": None,
            "error": None,
            "duration": perf_counter() - self._started,
            "request_id": None,
            "retry": self._retry,
            **given,
        }
        _logger.log(level, _MESSAGE, {**fields, "outcome": outcome}, extra=fields)


def _kind(error: Exception | None) -> str | None:
    # Not its text, which may quote what was sent.
    return None if error is None else type(error).__name__


def switch_on() -> None:
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
    handlers = [*_logger.handlers, *logging.getLogger().handlers]
    if all(isinstance(handler, logging.NullHandler) for handler in handlers):
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(_FORMAT))
        _logger.addHandler(handler)
