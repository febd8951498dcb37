"""The request for a password reset, as it is kept between two commands: the JSON of the API."""

import json
import sys
from pathlib import Path

from meshydb._cli.outcomes import UsageError
from meshydb._models import UserVerificationHash


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
        return UserVerificationHash.from_dict(json.loads(content))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} does not hold what forgot-password --json prints") from error
