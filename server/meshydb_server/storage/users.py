"""Queries on users."""

from __future__ import annotations

from datetime import datetime

from attrs import asdict, field, frozen
from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from meshydb_server.storage.schema import users


@frozen(kw_only=True)
class User:
    """A user of a tenant."""

    account: str
    tenant: str
    user_id: str
    username: str
    username_key: str
    email: str | None
    phone: str | None
    first_name: str | None = None
    last_name: str | None = None
    password_hash: str | None = field(repr=False)
    anonymous: bool
    verified: bool
    is_active: bool
    credential_version: int
    last_accessed: datetime | None = None
    created_at: datetime


def insert_user(connection: Connection, user: User) -> None:
    """Add a user."""
    connection.execute(insert(users), asdict(user))


def find_user(connection: Connection, account: str, tenant: str, username_key: str) -> User | None:
    """The user of this name, compared as services.usernames says."""
    rows = connection.execute(
        select(users).where(
            users.c.account == account,
            users.c.tenant == tenant,
            users.c.username_key == username_key,
        )
    )
    row = rows.mappings().first()
    return None if row is None else User(**row)
