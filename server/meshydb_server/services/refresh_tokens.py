"""Refresh tokens: the id of a login, and a secret of which only a digest is stored."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

from attrs import field, frozen

from meshydb_server.services.sources import RandomBytes

SESSION_ID_BYTES: Final = 16
_SECRET_BYTES: Final = 32


@frozen
class RefreshToken:
    """A refresh token, in its parts."""

    session_id: bytes
    secret: bytes = field(repr=False)

    @classmethod
    def draw(cls, session_id: bytes, random: RandomBytes) -> RefreshToken:
        """Make a new token of a login."""
        return cls(session_id, random(_SECRET_BYTES))

    @classmethod
    def parse(cls, text: str) -> RefreshToken | None:
        """Take a token apart; None when it cannot be one."""
        try:
            decoded = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
        except ValueError:
            return None
        if len(decoded) != SESSION_ID_BYTES + _SECRET_BYTES:
            return None
        return cls(decoded[:SESSION_ID_BYTES], decoded[SESSION_ID_BYTES:])

    @property
    def text(self) -> str:
        """What the client is given. Its length leaves nothing to pad."""
        return base64.urlsafe_b64encode(self.session_id + self.secret).decode()

    @property
    def digest(self) -> bytes:
        """What is stored. The secret is random, so a plain digest tells nothing of it."""
        return hashlib.sha256(self.secret).digest()

    def matches(self, stored: bytes | None) -> bool:
        """Whether this token's digest is the stored one."""
        return stored is not None and hmac.compare_digest(self.digest, stored)
