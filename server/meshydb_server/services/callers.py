"""Who calls, as an access token tells it."""

from __future__ import annotations

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
