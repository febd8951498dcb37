"""How a command ends: its exit code, and the one line that says why."""

import json
import sys
from contextlib import suppress
from enum import IntEnum
from http import HTTPStatus

from meshydb._exceptions import APIConnectionError, APIStatusError, MeshyError, NotFoundError, RateLimitError


class Outcome(IntEnum):
    """The exit codes. Those of signals are as shells have them."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    NOT_FOUND = 3
    RATE_LIMITED = 4
    NO_ANSWER = 5
    SERVER_FAILED = 6
    NOT_WRITTEN = 7
    INTERRUPTED = 130
    NOT_READ = 141


EXIT_CODES = """\
exit codes:
  0  done; for check-hash, the code is right
  1  refused: the code is wrong, the request has lapsed or was used, or the
     password will not do
  2  an argument, a setting or the input is wrong; nothing was sent
  3  there is no such account, tenant or user
  4  too many requests; the message says when to try again
  5  no usable answer arrived; what was asked may have been done all the same
  6  the service failed, or its answer cannot be understood
  7  what was asked is done, but the answer cannot be written
  141  the same, because the reader of standard output had gone
"""


class UsageError(Exception):
    """What was given cannot be used. The message repeats nothing that may be a secret."""


def report(error: Exception, *, as_json: bool) -> Outcome:
    """Say in one line on standard error what went wrong, and return what to exit with."""
    # The exit code tells it even where nothing can be written.
    with suppress(OSError):
        line = json.dumps(_details(error)) if as_json else f"meshydb: {printable(_sentence(error))}"
        print(line, file=sys.stderr, flush=True)
    return _outcome(error)


def printable(text: str) -> str:
    """Replace what could move the cursor, or forge a line."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _outcome(error: Exception) -> Outcome:
    match error:
        case NotFoundError():
            return Outcome.NOT_FOUND
        case RateLimitError():
            return Outcome.RATE_LIMITED
        case APIConnectionError():
            return Outcome.NO_ANSWER
        case APIStatusError(status_code=status) if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Outcome.REFUSED
        case MeshyError():
            return Outcome.SERVER_FAILED
        case _:
            return Outcome.USAGE


def _sentence(error: Exception) -> str:
    retry_after: float | None = getattr(error, "retry_after", None)
    return str(error) if retry_after is None else f"{error}; try again in {retry_after:.0f} seconds"


def _details(error: Exception) -> dict[str, object]:
    details = {
        "error": type(error).__name__ if isinstance(error, MeshyError) else UsageError.__name__,
        "message": getattr(error, "message", str(error)),
        "statusCode": getattr(error, "status_code", None),
        "code": getattr(error, "code", None),
        "requestId": getattr(error, "request_id", None),
        "retryAfter": getattr(error, "retry_after", None),
    }
    return {name: value for name, value in details.items() if value is not None}
