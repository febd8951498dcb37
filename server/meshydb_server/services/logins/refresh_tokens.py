"""Refresh tokens: the id of a login, and a secret. Only a digest of the secret is stored."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

from attrs import field, frozen

from meshydb_server.services.common.dependencies import Randomness

SESSION_ID_BYTES: Final = 16
_SECRET_BYTES: Final = 32


@frozen
class RefreshToken:
    """A parsed refresh token."""

    session_id: bytes
    secret: bytes = field(repr=False)

    @classmethod
    def generate(cls, session_id: bytes, random: Randomness) -> RefreshToken:
        """Create a new token for a login."""
        return cls(session_id, random(_SECRET_BYTES))

    @classmethod
    def parse(cls, text: str) -> RefreshToken | None:
        """Parse a token; None if it is malformed."""
        try:
            decoded = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
        except ValueError:
            return None
        if len(decoded) != SESSION_ID_BYTES + _SECRET_BYTES:
            return None
        return cls(decoded[:SESSION_ID_BYTES], decoded[SESSION_ID_BYTES:])

    @property
    def text(self) -> str:
        """The token that the client gets. Its length needs no base64 padding."""
        return base64.urlsafe_b64encode(self.session_id + self.secret).decode()

    @property
    def digest(self) -> bytes:
        """The stored digest. The secret is random, so a plain digest reveals nothing about it."""
        return hashlib.sha256(self.secret).digest()

    def matches(self, stored: bytes | None) -> bool:
        """Whether the stored digest is that of this token."""
        return stored is not None and hmac.compare_digest(self.digest, stored)
