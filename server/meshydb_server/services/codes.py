"""Verification codes: what a user must know, besides the handle, to reset a password."""

from __future__ import annotations

import base64
from typing import Final

from meshydb_server.services.keys import Key, authenticate
from meshydb_server.services.sources import RandomBytes

# 5 bytes are 40 bits, which are 8 characters of base32.
_CODE_BYTES: Final = 5


def generate(random: RandomBytes) -> str:
    """Draw a code of 8 characters out of A to Z and 2 to 7."""
    return base64.b32encode(random(_CODE_BYTES)).decode()


def mac(key: Key, request_id: bytes, code: str) -> bytes:
    """What the database keeps of a code: of no use without the key, and of none to another request."""
    return authenticate(key.codes, request_id, code)
