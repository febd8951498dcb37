"""Queries on roles, one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from attrs import asdict, frozen
from sqlalchemy import bindparam, insert, select
from sqlalchemy.engine import Connection

from meshydb_server.storage.schema import roles


@frozen(kw_only=True)
class Role:
    """A role of a tenant."""

    account: str
    tenant: str
    role_id: str
    name: str
    name_key: str
    description: str | None
    created_at: datetime


def insert_role(connection: Connection, role: Role) -> None:
    """Add a role. Its permissions are added separately."""
    connection.execute(_INSERT, asdict(role))


def find_roles(connection: Connection, account: str, tenant: str, keys: Iterable[str]) -> Mapping[str, Role]:
    """The roles with these keys, if they exist."""
    rows = connection.execute(_FIND, {"account": account, "tenant": tenant, "keys": [*keys]})
    return {row["name_key"]: Role(**row) for row in rows.mappings()}


_INSERT: Final = insert(roles)
_FIND: Final = select(roles).where(
    roles.c.account == bindparam("account"),
    roles.c.tenant == bindparam("tenant"),
    roles.c.name_key.in_(bindparam("keys", expanding=True)),
)
