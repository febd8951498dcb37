"""The deployment that scenarios run against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from attrs import field, frozen


@frozen
class Tenant:
    """A tenant, with its public key and tokens."""

    name: str | None
    """Sent in the header. None stands for the default tenant, and sends no header."""

    public_key: str | None = None
    token: str | None = field(default=None, repr=False)
    """The access token of a user who may create, read, update and delete users, roles and documents of all meshes."""

    helper_token: str | None = field(default=None, repr=False)
    """The access token of a user who may manage users and nothing else: no administrator."""


@frozen(kw_only=True)
class Deployment:
    """A server, and what its operator passes. Scenarios that need more are skipped."""

    url: str
    account: str
    tenants: Sequence[Tenant]
    """Scenarios run in the first. A second one is used to test that tenants are isolated."""

    auth_url: str | None = None
    newest_code: Callable[[str | None, str], str | None] | None = None
    """Looks up the last code sent to a user of a tenant, for example in an outbox or a mailbox."""

    clock_at: Callable[[datetime], AbstractContextManager[None]] | None = None
    """Sets the server's clock to a time until the block ends."""

    projection: str | None = None
    """The name of a projection of the first tenant."""

    proxy: str | None = None
    """The URL of a proxy. Proxies from the environment are ignored."""

    seed: int = 0
    """Determines the names of the users that scenarios create."""
