"""Queries on accounts and their tenants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen
from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from meshydb_server.storage.schema import accounts, tenants


@frozen
class Tenant:
    """A tenant of an account."""

    account: str
    name: str
    public_key: str
    default: bool


def insert_account(connection: Connection, account: str, default_tenant: str, now: datetime) -> None:
    """Add an account; its tenants are added apart."""
    connection.execute(
        insert(accounts).values(account=account, default_tenant=default_tenant, created_at=now),
    )


def insert_tenant(connection: Connection, account: str, tenant: str, public_key: str, now: datetime) -> None:
    """Add a tenant to an account."""
    connection.execute(
        insert(tenants).values(account=account, tenant=tenant, public_key=public_key, created_at=now),
    )


def account_exists(connection: Connection, account: str) -> bool:
    """Whether there is an account of this name."""
    return connection.execute(select(1).where(accounts.c.account == account)).first() is not None


def find_tenant(connection: Connection, account: str, tenant: str | None) -> Tenant | None:
    """The named tenant of the account, or its default tenant when `tenant` is None."""
    rows = connection.execute(
        _TENANTS.where(
            accounts.c.account == account,
            tenants.c.tenant == (accounts.c.default_tenant if tenant is None else tenant),
        )
    )
    row = rows.first()
    return None if row is None else Tenant(*row)


def list_tenants(connection: Connection, account: str) -> Sequence[Tenant]:
    """All tenants of an account: the default first, then the oldest."""
    rows = connection.execute(
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
