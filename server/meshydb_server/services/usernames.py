"""How usernames and names of people are compared."""

from __future__ import annotations

import unicodedata


def username_key(username: str) -> str:
    """What two spellings of one username share: compatibility-equivalent and without regard to case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username).casefold())


def names_key(first_name: str | None, last_name: str | None) -> str:
    """What searches for parts of either name compare with. No part of a name has a line feed."""
    return f"{username_key(first_name or '')}\n{username_key(last_name or '')}"
