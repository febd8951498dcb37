"""The verification request that a file keeps between two commands, as the JSON of the API."""

import json
import sys
from pathlib import Path

from meshydb._cli.outcomes import UsageError
from meshydb._models import UserVerificationHash


def read_request(file: str | None) -> UserVerificationHash:
    """Read a request from a file, or from standard input. Raises UsageError."""
    if file is None and sys.stdin.isatty():
        raise UsageError("the request is missing: pass FILE, the output of forgot-password --json, or pipe it in")
    name = file or "standard input"
    try:
        content = sys.stdin.buffer.read() if file is None else Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from error
    try:
        return UserVerificationHash.from_dict(json.loads(content))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} does not hold the output of forgot-password --json") from error
