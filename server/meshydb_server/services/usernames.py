"""How usernames are compared."""

from __future__ import annotations

import unicodedata


def username_key(username: str) -> str:
    """What two spellings of one username share: compatibility-equivalent and without regard to case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username).casefold())
