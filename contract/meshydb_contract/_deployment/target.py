"""The server under test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen


class CannotTestError(Exception):
    """The server cannot be tested. The message says why."""


@frozen
class Target:
    """A server, and the names that random requests use."""

    url: str
    """The URL of the server, without the account."""

    account: str
    tenant: str | None = None
    """Sent with every request. Without it, requests have a random tenant or none."""

    auth_url: str | None = None
    """The URL of the auth host, if it is another host."""

    token: str | None = field(default=None, repr=False)
    """The access token. Without it, operations that need one are only tested for 401."""

    names: Mapping[str, Sequence[str]] = field(factory=dict[str, Sequence[str]])
    """Other names that the server knows: `tenants`, `usernames`, `passwords`, `publicKeys`, and ids of users that may
    be changed (`kept`) and deleted (`deletable`)."""

    proxy: str | None = None
    """The URL of a proxy. Proxies from the environment are ignored."""
