"""The request for a password reset, as it is kept between two commands: the JSON of the API."""

import json
import sys
from datetime import UTC
from pathlib import Path

from meshydb._cli.outcomes import UsageError
from meshydb._models import UserVerificationHash
from meshydb._operations.recovery import parse_verification


def to_json(request: UserVerificationHash) -> dict[str, object]:
    """Write the request in the form of the contract: in UTC, with milliseconds."""
    expires = request.expires.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return {
        "username": request.username,
        "attempt": request.attempt,
        "hash": request.hash,
        "expires": f"{expires}Z",
        "hint": request.hint,
    }


def read_request(file: str | None) -> UserVerificationHash:
    """Read a request from a file, or from standard input. Raises UsageError."""
    if file is None and sys.stdin.isatty():
        raise UsageError("which request? Give the FILE that forgot-password --json was written to, or pipe it in")
    name = file or "standard input"
    try:
        content = sys.stdin.buffer.read() if file is None else Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from error
    try:
        return parse_verification(json.loads(content))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"{name} does not hold what forgot-password --json prints") from error
