"""The handle of a password reset: the `hash` that forgotPassword returns.

It goes to whoever asks, so it is no secret by itself: the secret is the verification code. What the handle does is to
name the request's row and to bind everything that the caller sends back with it, so that nothing of it can be changed
and it is worth nothing elsewhere: in another account, for another user, or for registration.

Layout, in base64url: version (1 byte), key id (4), request id (16), HMAC-SHA256 (32).
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Final, Literal

from attrs import frozen

from meshydb_server import instants
from meshydb_server.services.keys import Key, authenticate

REQUEST_ID_BYTES: Final = 16
_VERSION: Final = b"\x01"


@frozen(kw_only=True)
class Claims:
    """What a handle binds."""

    purpose: Literal["reset"]
    account: str
    tenant: str
    username_key: str
    attempt: int
    expires: datetime
    credential_version: int
    request_id: bytes


def sign(key: Key, claims: Claims) -> str:
    """Make the handle of a request, under one key."""
    mac = authenticate(
        key.signing,
        claims.purpose,
        claims.account,
        claims.tenant,
        claims.username_key,
        claims.attempt,
        instants.to_milliseconds(claims.expires),
        claims.credential_version,
        claims.request_id,
    )
    return base64.urlsafe_b64encode(_VERSION + key.id + claims.request_id + mac).rstrip(b"=").decode()
