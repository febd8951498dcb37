"""The end of a command: its exit code, and the line that explains it."""

import json
import os
import sys
from enum import IntEnum
from http import HTTPStatus
from typing import TextIO

from meshydb._exceptions import APIConnectionError, APIStatusError, MeshyError, NotFoundError, RateLimitError


class Outcome(IntEnum):
    """The exit codes. Codes for signals are the same as in shells."""

    DONE = 0
    REJECTED = 1
    USAGE = 2
    NOT_FOUND = 3
    RATE_LIMITED = 4
    NO_RESPONSE = 5
    SERVER_FAILED = 6
    NOT_WRITTEN = 7
    INTERRUPTED = 130
    NOT_READ = 141


EXIT_CODES = """\
exit codes:
  0  done; for check-hash, the code is right
  1  rejected: the code is wrong, the request has expired or was used, or the
     password is not allowed
  2  an argument, a setting or the input is invalid; nothing was sent
  3  there is no such account, tenant or user
  4  too many requests; the message says when to retry
  5  no usable response arrived; the request may have been processed
  6  the server failed, or its response is invalid
  7  the request was processed, but the result cannot be written
  141  the same, because the reader of standard output closed it
"""


class UsageError(Exception):
    """The arguments or the input are invalid. The message repeats nothing that may be a secret."""


def report(error: Exception, *, as_json: bool) -> Outcome:
    """Print the error on one line of standard error, and return the outcome."""
    line = json.dumps(_details(error)) if as_json else f"meshydb: {printable(_sentence(error))}"
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        # The exit code still tells programs.
        discard(sys.stderr)
    return _outcome(error)


def discard(*streams: TextIO) -> None:
    """Redirect streams to the null device. Python flushes them again at exit, which must not fail."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        os.dup2(null, stream.fileno())
    os.close(null)


def printable(text: str) -> str:
    """Replace characters that could move the cursor or forge a line."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _outcome(error: Exception) -> Outcome:
    match error:
        case NotFoundError():
            return Outcome.NOT_FOUND
        case RateLimitError():
            return Outcome.RATE_LIMITED
        case APIConnectionError():
            return Outcome.NO_RESPONSE
        case APIStatusError(status_code=status) if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Outcome.REJECTED
        case MeshyError():
            return Outcome.SERVER_FAILED
        case _:
            return Outcome.USAGE


def _sentence(error: Exception) -> str:
    retry_after: float | None = getattr(error, "retry_after", None)
    return str(error) if retry_after is None else f"{error}; retry in {retry_after:.0f} seconds"


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
