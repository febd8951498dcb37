"""Request bodies of forgotPassword."""

from __future__ import annotations

import json
from typing import Final

from tests.support.server import USERNAME

GOOD: Final = f'{{"username":"{USERNAME}","attempt":1}}'.encode()


def asking_for(username: str, *, escaped: bool = False) -> bytes:
    """A body for a user, with non-ASCII characters in UTF-8 or escaped."""
    return json.dumps({"username": username, "attempt": 1}, ensure_ascii=escaped).encode()


def with_attempt(literal: str) -> bytes:
    """A body with this literal as its attempt."""
    return f'{{"username":"{USERNAME}","attempt":{literal}}}'.encode()


def with_member(member: str) -> bytes:
    """A body with an undocumented property."""
    return f'{{"username":"{USERNAME}","attempt":1,{member}}}'.encode()


def padded(size: int) -> bytes:
    """A body of this size."""
    return GOOD[:-1].ljust(size - 1) + b"}"
