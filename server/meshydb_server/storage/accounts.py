"""Queries on accounts and their tenants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from attrs import frozen
from sqlalchemy import Text, bindparam, func, insert, select, update
from sqlalchemy.engine import Connection

from meshydb_server.storage.engine.prepared import Prepared
from meshydb_server.storage.schema import accounts, tenants

Verification = Literal["email", "text", "question"]


@frozen
class Account:
    """An account."""

    name: str
    default_tenant: str
    created_at: datetime


@frozen
class Tenant:
    """A tenant of an account, with its settings."""

    account: str
    name: str
    public_key: str
    default: bool
    verification: Verification = "email"
    public_registration: bool = True
    anonymous_registration: bool = True


def insert_account(connection: Connection, account: str, default_tenant: str, now: datetime) -> None:
    """Add an account. Its tenants are added separately."""
    connection.execute(
        insert(accounts).values(account=account, default_tenant=default_tenant, created_at=now),
    )


def insert_tenant(connection: Connection, account: str, tenant: str, public_key: str, now: datetime) -> None:
    """Add a tenant to an account, with the default settings."""
    connection.execute(
        insert(tenants).values(
            account=account,
            tenant=tenant,
            public_key=public_key,
            verification="email",
            public_registration=True,
            anonymous_registration=True,
            created_at=now,
        ),
    )


def configure_tenant(connection: Connection, tenant: Tenant) -> None:
    """Store the settings of a tenant."""
    connection.execute(
        update(tenants)
        .where(tenants.c.account == tenant.account, tenants.c.tenant == tenant.name)
        .values(
            verification=tenant.verification,
            public_registration=tenant.public_registration,
            anonymous_registration=tenant.anonymous_registration,
        )
    )


def has_accounts(connection: Connection) -> bool:
    """Whether any account exists. Without one, the database is empty."""
    return connection.execute(_ANY_ACCOUNT).first() is not None


def account_exists(connection: Connection, account: str) -> bool:
    """Whether an account of this name exists."""
    return connection.execute(_ACCOUNT_EXISTS, {"account": account}).first() is not None


def list_accounts(connection: Connection) -> Sequence[Account]:
    """All accounts, ordered by name."""
    # Not sorted by the database: each database has its own collation.
    return sorted((Account(*row) for row in connection.execute(_LIST_ACCOUNTS)), key=lambda account: account.name)


def lock_tenant(connection: Connection, account: str, tenant: str) -> None:
    """Block other transactions that lock or configure the tenant until this one ends."""
    connection.execute(_LOCK, {"account": account, "tenant": tenant})


def find_tenant(connection: Connection, account: str, tenant: str | None) -> Tenant | None:
    """The named tenant of the account, or its default tenant if `tenant` is None."""
    rows = _FIND.rows(connection, {"account": account, "tenant": tenant})
    return Tenant(*rows[0]) if rows else None


def list_tenants(connection: Connection, account: str) -> Sequence[Tenant]:
    """All tenants of an account: the default first, then the oldest."""
    return [Tenant(*row) for row in connection.execute(_LIST, {"account": account})]


_ANY_ACCOUNT: Final = select(accounts.c.account).limit(1)
_ACCOUNT_EXISTS: Final = select(1).where(accounts.c.account == bindparam("account"))
_LIST_ACCOUNTS: Final = select(accounts.c.account, accounts.c.default_tenant, accounts.c.created_at)
# Adding users or roles does not wait: PostgreSQL checks references with FOR KEY SHARE, which this lock allows.
_LOCK: Final = (
    select(tenants.c.tenant)
    .where(tenants.c.account == bindparam("account"), tenants.c.tenant == bindparam("tenant"))
    .with_for_update(key_share=True)
)
_DEFAULT: Final = tenants.c.tenant == accounts.c.default_tenant
_TENANTS: Final = (
    select(
        tenants.c.account,
        tenants.c.tenant,
        tenants.c.public_key,
        _DEFAULT.label("default"),
        tenants.c.verification,
        tenants.c.public_registration,
        tenants.c.anonymous_registration,
    )
    .join_from(accounts, tenants, tenants.c.account == accounts.c.account)
    .where(accounts.c.account == bindparam("account"))
)
_FIND: Final = Prepared(
    _TENANTS.where(tenants.c.tenant == func.coalesce(bindparam("tenant", type_=Text), accounts.c.default_tenant))
)
_LIST: Final = _TENANTS.order_by(_DEFAULT.desc(), tenants.c.created_at, tenants.c.tenant)
