"""The handle of a request for verification: the `hash` that forgotPassword and registerUser return.

It goes to whoever asks, so it is no secret by itself: the secret is the verification code. What the handle does is to
name the request's row and to bind everything that the caller sends back with it, so that nothing of it can be changed
and it is worth nothing elsewhere: in another account, for another user, or for another purpose.

Layout, in base64url: version (1 byte), key id (4), request id (16), HMAC-SHA256 (32).
"""

from __future__ import annotations

import base64
import hmac
from datetime import datetime
from typing import Final

from attrs import field, frozen

from meshydb_server import instants
from meshydb_server.services.keys import KEY_ID_BYTES, Key, authenticate
from meshydb_server.storage.recoveries import Purpose

REQUEST_ID_BYTES: Final = 16
_VERSION: Final = b"\x01"
_MAC_BYTES: Final = 32
_KEY_AT: Final = len(_VERSION)
_REQUEST_AT: Final = _KEY_AT + KEY_ID_BYTES
_MAC_AT: Final = _REQUEST_AT + REQUEST_ID_BYTES
_LENGTH: Final = _MAC_AT + _MAC_BYTES


@frozen(kw_only=True)
class Claims:
    """What a handle binds."""

    purpose: Purpose
    account: str
    tenant: str
    username_key: str
    attempt: int
    expires: datetime
    credential_version: int
    request_id: bytes


@frozen
class Handle:
    """A handle, taken apart. Nothing of it is true until it fits the claims."""

    key_id: bytes
    request_id: bytes
    mac: bytes = field(repr=False)


def sign(key: Key, claims: Claims) -> str:
    """Make the handle of a request, under one key."""
    return _encode(_VERSION + key.id + claims.request_id + _mac(key, claims))


def parse(text: str) -> Handle | None:
    """Take a handle apart; None for what is none, be it by one bit."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    # The last character has bits to spare, so several texts decode to the same bytes; only one of them was issued.
    if len(raw) != _LENGTH or raw[:_KEY_AT] != _VERSION or _encode(raw) != text:
        return None
    return Handle(raw[_KEY_AT:_REQUEST_AT], raw[_REQUEST_AT:_MAC_AT], raw[_MAC_AT:])


def fits(key: Key, handle: Handle, claims: Claims) -> bool:
    """Whether the handle was issued, under this key, for exactly these claims."""
    return hmac.compare_digest(handle.mac, _mac(key, claims))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _mac(key: Key, claims: Claims) -> bytes:
    return authenticate(
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
