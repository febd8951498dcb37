"""The caller of an operation, as read from the access token."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen


@frozen
class Caller:
    """A logged-in user, and the permissions of the access token, such as `users.read`."""

    account: str
    tenant: str
    user_id: str
    username: str
    session_id: bytes
    permissions: frozenset[str]
    # When the user proved the password to log in; None if they did not, or if the token does not say.
    auth_time: datetime | None = None
    # The client address of the request, in the form of `addresses.normalise`; "" for none.
    client: str = ""
    # The user's version when the token was read: a request in flight must not outlive a new password.
    credential_version: int | None = None

    def actor_on(self, user_id: str) -> str | None:
        """The acting user of audit events about a user: None for what users do to their own accounts."""
        return None if user_id == self.user_id else self.user_id
