"""How usernames and names of people are compared, and which usernames new users may have."""

from __future__ import annotations

import unicodedata
from typing import Final

from precis_i18n import get_profile

from meshydb_server.services.error_codes import ErrorCode
from meshydb_server.services.errors import InvalidRequestError

_BIDI_RULE: Final = "DISALLOWED/bidi_rule"
_PROFILE: Final = get_profile("UsernameCasePreserved")
# A client resolves these two as steps within a path, however they are encoded (RFC 3986, 5.2.4).
_DOT_SEGMENTS: Final = {".", ".."}


def require_new_username(username: str) -> None:
    """Raise InvalidRequestError unless a new user may have this name.

    It must be a UsernameCasePreserved (RFC 8265) that fits into one segment of a path. The name is stored as it was
    sent: what the profile would change, width and composition, `username_key` makes equal anyway.
    """
    try:
        enforced = _PROFILE.enforce(username)
    except UnicodeEncodeError as error:
        raise InvalidRequestError(_explain(error), ErrorCode.USERNAME_INVALID) from None
    if "/" in enforced or enforced in _DOT_SEGMENTS:
        message = 'The username must not contain "/", nor be "." or "..".'
        raise InvalidRequestError(message, ErrorCode.USERNAME_INVALID)


def _explain(error: UnicodeEncodeError) -> str:
    if error.reason == _BIDI_RULE:
        return "The username must not mix left-to-right and right-to-left characters (RFC 5893, 2)."
    found = f"U+{ord(error.object[error.start]):04X}" if error.end == error.start + 1 else "anything else"
    return f"The username must have letters, digits and ASCII punctuation, without spaces; it must not have {found}."


def username_key(username: str) -> str:
    """What two spellings of one username share: compatibility-equivalent and without regard to case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username).casefold())


def names_key(first_name: str | None, last_name: str | None) -> str:
    """What searches for parts of either name compare with. No part of a name has a line feed."""
    return f"{username_key(first_name or '')}\n{username_key(last_name or '')}"
