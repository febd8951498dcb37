"""Where stories take place, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from attrs import field, frozen


@frozen
class Tenant:
    """A tenant, with what its administrators know."""

    name: str | None
    """Sent as the header; None is the default tenant, for which there is none."""

    public_key: str | None = None
    token: str | None = field(default=None, repr=False)
    """The access token of somebody who may create, read, change and delete users."""

    helper_token: str | None = field(default=None, repr=False)
    """The access token of somebody who may do the same, and nothing else that not every user may: no administrator."""


@frozen(kw_only=True)
class Deployment:
    """A server, and what its operator hands in. What is missing, stories do without, or are not told."""

    url: str
    account: str
    tenants: Sequence[Tenant]
    """The first is where stories take place; another, if there is one, is where nothing of it may be known."""

    auth_url: str | None = None
    newest_code: Callable[[str | None, str], str | None] | None = None
    """The code that a user of a tenant was sent last, such as an outbox or a mailbox tells."""

    clock_at: Callable[[datetime], AbstractContextManager[None]] | None = None
    """Has the server's clock show a time until the block ends."""

    proxy: str | None = None
    """The URL of a proxy. Those that the environment names are not used."""

    seed: int = 0
    """Decides what the users are called who are made up."""
