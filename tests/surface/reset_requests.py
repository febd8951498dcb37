"""A user, a reset request and unreachable settings for tests of the recovery commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

USERNAME: Final = "rosa.k"
EMAIL: Final = "rosa.k@example.org"
OLD_PASSWORD: Final = "canary-old-7f3a"  # noqa: S105 - of a user who is made up
NEW_PASSWORD: Final = "canary-n\u00ebw-7f3a"  # noqa: S105 - likewise
RESET: Final = {
    "username": USERNAME,
    "attempt": 1,
    "hash": "canary-hash-7f3a",
    "expires": "2030-01-01T01:00:00.120Z",
    "hint": "Premi\u00e8re rue\u009b?",
}
# For commands that fail before they send anything.
NOWHERE: Final = {
    "MESHYDB_ACCOUNT_NAME": "acme",
    "MESHYDB_PUBLIC_KEY": "key",
    "MESHYDB_BASE_URL": "http://127.0.0.1:1",
}


def at(url: str) -> dict[str, str]:
    """Settings that lead to a server."""
    return {**NOWHERE, "MESHYDB_BASE_URL": url}


def request_in(folder: Path, content: object = RESET) -> str:
    """The file of a request, or of something else."""
    path = folder / "reset.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return str(path)
