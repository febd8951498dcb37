"""Queries on accounts and their tenants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from meshydb_server.storage.schema import accounts, tenants


@frozen
class Tenant:
    """A tenant of an account."""

    account: str
    name: str
    public_key: str
    default: bool


async def insert_account(connection: AsyncConnection, account: str, default_tenant: str, now: datetime) -> None:
    """Add an account; its tenants are added apart."""
    await connection.execute(
        insert(accounts).values(account=account, default_tenant=default_tenant, created_at=now),
    )


async def insert_tenant(connection: AsyncConnection, account: str, tenant: str, public_key: str, now: datetime) -> None:
    """Add a tenant to an account."""
    await connection.execute(
        insert(tenants).values(account=account, tenant=tenant, public_key=public_key, created_at=now),
    )


async def account_exists(connection: AsyncConnection, account: str) -> bool:
    """Whether there is an account of this name."""
    return (await connection.execute(select(1).where(accounts.c.account == account))).first() is not None


async def find_tenant(connection: AsyncConnection, account: str, tenant: str | None) -> Tenant | None:
    """The named tenant of the account, or its default tenant when `tenant` is None."""
    rows = await connection.execute(
        _TENANTS.where(
            accounts.c.account == account,
            tenants.c.tenant == (accounts.c.default_tenant if tenant is None else tenant),
        )
    )
    row = rows.first()
    return None if row is None else Tenant(*row)


async def list_tenants(connection: AsyncConnection, account: str) -> Sequence[Tenant]:
    """All tenants of an account: the default first, then the oldest."""
    rows = await connection.execute(
        _TENANTS.where(accounts.c.account == account).order_by(
            (tenants.c.tenant == accounts.c.default_tenant).desc(), tenants.c.created_at, tenants.c.tenant
        )
    )
    return [Tenant(*row) for row in rows]


_TENANTS = select(
    tenants.c.account,
    tenants.c.tenant,
    tenants.c.public_key,
    (tenants.c.tenant == accounts.c.default_tenant).label("default"),
).join_from(accounts, tenants, tenants.c.account == accounts.c.account)
