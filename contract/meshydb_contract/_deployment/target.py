"""What is tested, and how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen


class CannotTestError(Exception):
    """What is asked for cannot be tested. The message says why."""


@frozen
class Target:
    """A server, and the names that it knows."""

    url: str
    """Where the server is, without the account."""

    account: str
    tenant: str | None = None
    """Sent with every request; without it, the header is left to chance."""

    auth_url: str | None = None
    """Where the operations of the auth host are, if elsewhere."""

    token: str | None = field(default=None, repr=False)
    """Sent as the access token; without it, what needs one is tested for refusing."""

    names: Mapping[str, Sequence[str]] = field(factory=dict[str, Sequence[str]])
    """What else the server knows: `tenants`, `usernames`, `passwords`, `publicKeys`, and ids of users that may be
    changed (`kept`) and deleted (`deletable`)."""

    proxy: str | None = None
    """The URL of a proxy. Those that the environment names are not used."""
