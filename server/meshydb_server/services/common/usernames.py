"""How usernames and names of people are compared, and which usernames new users may have."""

from __future__ import annotations

import unicodedata
from typing import Final

from precis_i18n import get_profile

from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import InvalidRequestError

_BIDI_RULE: Final = "DISALLOWED/bidi_rule"
_PROFILE: Final = get_profile("UsernameCasePreserved")
# Clients resolve these two as relative path segments, however they are encoded (RFC 3986, 5.2.4).
_DOT_SEGMENTS: Final = {".", ".."}


def require_new_username(username: str) -> None:
    """Raise InvalidRequestError unless a new user may have this username.

    It must be a UsernameCasePreserved (RFC 8265) that fits into one path segment. The name is stored as it was sent:
    `username_key` already ignores the width and composition that the profile would change.
    """
    try:
        enforced = _PROFILE.enforce(username)
    except UnicodeEncodeError as error:
        raise InvalidRequestError(_explain(error), ErrorCode.USERNAME_INVALID) from None
    if "/" in enforced or enforced in _DOT_SEGMENTS:
        message = 'The username must not contain "/" or be "." or "..".'
        raise InvalidRequestError(message, ErrorCode.USERNAME_INVALID)


def _explain(error: UnicodeEncodeError) -> str:
    if error.reason == _BIDI_RULE:
        return "The username must not mix left-to-right and right-to-left characters (RFC 5893, 2)."
    found = f"U+{ord(error.object[error.start]):04X}" if error.end == error.start + 1 else "something else"
    return f"The username must contain only letters, digits and ASCII punctuation, without spaces; it contains {found}."


def username_key(username: str) -> str:
    """The key that usernames are compared by: compatibility-equivalent, without regard to case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username).casefold())


def names_key(first_name: str | None, last_name: str | None) -> str:
    """The key that name searches compare with. No name contains a line feed."""
    return f"{username_key(first_name or '')}\n{username_key(last_name or '')}"
