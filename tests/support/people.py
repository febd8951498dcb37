"""An account whose users tests create, log in and call by their usernames."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import jwt
import pytest
from attrs import frozen

from meshydb_server.runtime import Services, open_services
from meshydb_server.services.accounts import NewUser, TenantChange
from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.dependencies import Dependencies
from meshydb_server.services.common.errors import ServiceError
from meshydb_server.services.logins.issuing import IssuedTokens
from meshydb_server.services.logins.service import PasswordLogin
from meshydb_server.storage.accounts import Verification, has_accounts
from meshydb_server.storage.users import User
from tests.support.dependencies import CHEAP_HASHER, CountedRandom, SetClock
from tests.support.server import settings_in

T = TypeVar("T")

ACCOUNT: Final = "acme"
ISSUER: Final = "https://auth.example.org/acme"
PASSWORD: Final = "correct horse"  # noqa: S105 - of everyone here


@frozen
class People:
    """Services on a new database that has the account `acme`, whose tenants are `north`, the default, and `south`."""

    services: Services
    clock: SetClock
    public_keys: Mapping[str, str]

    async def configure(self, verification: Verification | None = None, **given: bool) -> None:
        """Change settings of the default tenant."""
        change = TenantChange(verification=verification, **given)
        await self.services.accounts.configure_tenant(ACCOUNT, "north", change)

    async def add(self, username: str, tenant: str = "north", **given: Any) -> User:
        """Add a user with the usual password, as an operator does."""
        secret = {} if given.get("anonymous") else {"password": PASSWORD}
        new = NewUser(username=username, **{**secret, **given})
        return await self.services.accounts.create_user(ACCOUNT, tenant, new)

    async def log_in(
        self, username: str | None, password: str | None = PASSWORD, tenant: str = "north", scope: str | None = None
    ) -> IssuedTokens:
        """Log a user in."""
        key = self.public_keys[tenant]
        login = PasswordLogin(
            account=ACCOUNT,
            tenant=tenant,
            client_id=key,
            username=username,
            password=password,
            scope=scope,
            issuer=ISSUER,
        )
        return await self.services.tokens.log_in(login)

    async def refresh(self, tokens: IssuedTokens, tenant: str = "north", scope: str | None = None) -> IssuedTokens:
        """Renew the access token of a login."""
        key = self.public_keys[tenant]
        return await self.services.tokens.refresh(ACCOUNT, tenant, key, tokens.refresh_token, scope, ISSUER)

    async def authenticate(self, tokens: IssuedTokens) -> Caller:
        """The caller of these tokens."""
        return await self.services.tokens.authenticate(ACCOUNT, None, tokens.access_token)

    async def enter(self, username: str, password: str = PASSWORD, tenant: str = "north") -> Caller:
        """Log a user in; returns the caller."""
        return await self.authenticate(await self.log_in(username, password, tenant))

    async def enter_new(self, username: str, tenant: str = "north", **given: Any) -> Caller:
        """Add a user and log them in; returns the caller."""
        await self.add(username, tenant, **given)
        return await self.enter(username, tenant=tenant)


async def all_at_once(people: People, calls: Iterable[Awaitable[T]]) -> list[T]:
    """Run calls at the same time. Connections are opened before, because opening them would serialize the calls."""
    calls = list(calls)
    await asyncio.gather(*(people.services.database.read(has_accounts) for _ in calls))
    return await asyncio.gather(*calls)


@asynccontextmanager
async def settled(folder: Path, database_url: str, **settings: str) -> AsyncGenerator[People]:
    """Open services on a new database, and create the account."""
    clock = SetClock()
    # So that ids have letters in them, which may be written in either case.
    dependencies = Dependencies(clock=clock, randomness=CountedRandom(0xABCDEF00), hasher=CHEAP_HASHER)
    async with open_services(settings_in(folder, database_url=database_url, **settings), dependencies) as services:
        tenants = await services.accounts.create_account(ACCOUNT, ["north", "south"])
        yield People(services, clock, {each.name: each.public_key for each in tenants})


def claims(tokens: IssuedTokens) -> dict[str, Any]:
    """The claims of the access token."""
    said: dict[str, Any] = jwt.decode(tokens.access_token, options={"verify_signature": False})
    return said


async def refusal(call: Awaitable[object]) -> str:
    """The class and message of the error that a call must raise."""
    with pytest.raises(ServiceError) as caught:
        await call
    assert caught.value.message.endswith(".")
    return f"{type(caught.value).__name__}: {caught.value.message}"
