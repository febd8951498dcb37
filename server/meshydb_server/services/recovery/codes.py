"""Verification codes: required, with the handle, to reset a password or complete a registration."""

from __future__ import annotations

import base64
import hmac
import unicodedata
from typing import Final

from meshydb_server.services.common.dependencies import Randomness
from meshydb_server.services.common.keys import Key, authenticate
from meshydb_server.services.common.limits.table import CodeFormat

# Unicode lists the minus sign as a mathematical symbol, and the soft hyphen as a format character.
_MINUS: Final = "\N{MINUS SIGN}"
_DASHES_AND_FORMATS: Final = {"Pd", "Cf"}

# 5 bytes are 40 bits, which are 8 characters of base32.
_BASE32_BYTES: Final = 5
_DIGITS: Final = 6
# Enough additional bits that the modulo favours no code noticeably.
_DIGITS_BYTES: Final = 16


def generate(random: Randomness, code_format: CodeFormat = "base32") -> str:
    """Generate a code: 8 characters from A to Z and 2 to 7, or 6 digits."""
    if code_format == "digits":
        return f"{int.from_bytes(random(_DIGITS_BYTES)) % 10**_DIGITS:0{_DIGITS}}"
    return base64.b32encode(random(_BASE32_BYTES)).decode()


def mac(key: Key, request_id: bytes, code: str) -> bytes:
    """The MAC of a code, for the database. It is useless without the key, and for any other request."""
    return authenticate(key.codes, request_id, code)


def matches(key: Key, request_id: bytes, code_mac: bytes, written: str) -> bool:
    """Whether a code matches, after `normalise`."""
    return hmac.compare_digest(mac(key, request_id, normalise(written)), code_mac)


def normalise(written: str) -> str:
    """Remove what people and keyboards add to a code: white space, dashes, invisible characters, width and case."""
    return "".join(each for each in unicodedata.normalize("NFKC", written) if not _is_filler(each)).upper()


def _is_filler(character: str) -> bool:
    return character.isspace() or character == _MINUS or unicodedata.category(character) in _DASHES_AND_FORMATS
