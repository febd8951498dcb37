"""Request bodies of forgotPassword."""

from __future__ import annotations

import json
from typing import Final

from tests.support.server import USERNAME

GOOD: Final = f'{{"username":"{USERNAME}","attempt":1}}'.encode()


def asking_for(username: str, *, escaped: bool = False) -> bytes:
    """Ask for a user's reset, with characters beyond ASCII in UTF-8 or as escapes."""
    return json.dumps({"username": username, "attempt": 1}, ensure_ascii=escaped).encode()


def with_attempt(literal: str) -> bytes:
    """Ask with an attempt that is written so."""
    return f'{{"username":"{USERNAME}","attempt":{literal}}}'.encode()


def with_member(member: str) -> bytes:
    """Ask with a member that the contract does not name."""
    return f'{{"username":"{USERNAME}","attempt":1,{member}}}'.encode()


def padded(size: int) -> bytes:
    """Ask with a body of this size."""
    return GOOD[:-1].ljust(size - 1) + b"}"
