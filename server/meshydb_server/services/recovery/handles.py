"""The handle of a verification request: the `hash` that forgotPassword and registerUser return.

The handle goes to the caller and is not a secret; the verification code is. It names the row of the request, and binds
everything that the caller sends back with it. No part can be changed, and the handle is invalid for another account,
user or purpose.

Layout, in base64url: version (1 byte), key id (4), request id (16), HMAC-SHA256 (32).
"""

from __future__ import annotations

import base64
import hmac
from datetime import datetime
from typing import Final

from attrs import field, frozen

from meshydb_server import timestamps
from meshydb_server.services.common.keys import KEY_ID_BYTES, Key, authenticate
from meshydb_server.storage.recovery import Purpose

REQUEST_ID_BYTES: Final = 16
_VERSION: Final = b"\x01"
_MAC_BYTES: Final = 32
_KEY_AT: Final = len(_VERSION)
_REQUEST_AT: Final = _KEY_AT + KEY_ID_BYTES
_MAC_AT: Final = _REQUEST_AT + REQUEST_ID_BYTES
_LENGTH: Final = _MAC_AT + _MAC_BYTES


@frozen(kw_only=True)
class Claims:
    """The values that a handle binds."""

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
    """A parsed handle. Trust nothing in it before it fits the claims."""

    key_id: bytes
    request_id: bytes
    mac: bytes = field(repr=False)


def sign(key: Key, claims: Claims) -> str:
    """Create the handle of a request with one key."""
    return _encode(_VERSION + key.id + claims.request_id + _mac(key, claims))


def parse(text: str) -> Handle | None:
    """Parse a handle. None if it is malformed, even by one bit."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    # The last character has unused bits, so several texts decode to the same bytes. Only one is valid.
    if len(raw) != _LENGTH or raw[:_KEY_AT] != _VERSION or _encode(raw) != text:
        return None
    return Handle(raw[_KEY_AT:_REQUEST_AT], raw[_REQUEST_AT:_MAC_AT], raw[_MAC_AT:])


def fits(key: Key, handle: Handle, claims: Claims) -> bool:
    """Whether the handle was issued with this key for exactly these claims."""
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
        timestamps.to_milliseconds(claims.expires),
        claims.credential_version,
        claims.request_id,
    )
