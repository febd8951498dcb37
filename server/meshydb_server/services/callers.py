"""Who calls, as an access token tells it."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen


@frozen
class Caller:
    """A user who is logged in, and what the access token permits, such as `users.read`."""

    account: str
    tenant: str
    user_id: str
    username: str
    session_id: bytes
    permissions: frozenset[str]
    # When the user proved the password to log in; None when they did not, or the token does not say.
    auth_time: datetime | None = None
    # The address that the request came from, as `addresses.normalise` writes it; "" for none.
    client: str = ""
    # That of the user when the token was read, so that a request in flight does not outlive a new password.
    credential_version: int | None = None
