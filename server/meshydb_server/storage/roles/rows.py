"""Queries on roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import asdict, frozen
from sqlalchemy import and_, bindparam, delete, func, insert, select, update
from sqlalchemy.engine import Connection

from meshydb_server.storage.engine.ordering import by_code_points
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


def get_role(connection: Connection, account: str, tenant: str, role_id: str) -> Role | None:
    """The role with this id."""
    given = {"the_account": account, "the_tenant": tenant, "the_role_id": role_id}
    row = connection.execute(_GET, given).mappings().first()
    return None if row is None else Role(**row)


def find_roles(connection: Connection, account: str, tenant: str, keys: Iterable[str]) -> Mapping[str, Role]:
    """The roles with these keys, if they exist."""
    rows = connection.execute(_FIND, {"account": account, "tenant": tenant, "keys": [*keys]})
    return {row["name_key"]: Role(**row) for row in rows.mappings()}


def lock_roles(connection: Connection, account: str, tenant: str, keys: Iterable[str]) -> Mapping[str, Role]:
    """Like `find_roles`, locked against deletion until the transaction ends."""
    rows = connection.execute(_LOCK, {"account": account, "tenant": tenant, "keys": [*keys]})
    return {row["name_key"]: Role(**row) for row in rows.mappings()}


def count_roles(connection: Connection, account: str, tenant: str, name_key: str = "") -> int:
    """How many roles of the tenant have this in their names."""
    return connection.execute(_COUNT, {"account": account, "tenant": tenant, "part": _escaped(name_key)}).scalar_one()


def search_roles(
    connection: Connection, account: str, tenant: str, name_key: str, *, offset: int, limit: int
) -> Sequence[Role]:
    """The roles of the tenant that have this in their names, by name, starting at `offset`."""
    given = {"account": account, "tenant": tenant, "part": _escaped(name_key)}
    query = _SEARCH.order_by(by_code_points(connection, roles.c.name_key)).offset(offset).limit(limit)
    return [Role(**row) for row in connection.execute(query, given).mappings()]


def update_role(connection: Connection, role: Role) -> None:
    """Store the name and description of a role."""
    changed = {f"new_{name}": getattr(role, name) for name in _CHANGEABLE}
    connection.execute(_UPDATE, {**_key(role), **changed})


def delete_role(connection: Connection, role: Role) -> None:
    """Delete a role. Its permissions are deleted, and its users lose it, by cascade."""
    connection.execute(_DELETE, _key(role))


def columns_of(role: Role) -> dict[str, str]:
    """The columns by which rows of other tables belong to a role."""
    return {"account": role.account, "tenant": role.tenant, "role_id": role.role_id}


def _key(role: Role) -> dict[str, str]:
    return {"the_account": role.account, "the_tenant": role.tenant, "the_role_id": role.role_id}


def _escaped(part: str) -> str:
    return "".join(f"/{each}" if each in "/%_" else each for each in part)


_CHANGEABLE: Final = ("name", "name_key", "description")
_THE_ROLE: Final = and_(
    roles.c.account == bindparam("the_account"),
    roles.c.tenant == bindparam("the_tenant"),
    roles.c.role_id == bindparam("the_role_id"),
)
_INSERT: Final = insert(roles)
_FIND: Final = select(roles).where(
    roles.c.account == bindparam("account"),
    roles.c.tenant == bindparam("tenant"),
    roles.c.name_key.in_(bindparam("keys", expanding=True)),
)
_LOCK: Final = _FIND.with_for_update(read=True, key_share=True)
_GET: Final = select(roles).where(_THE_ROLE)
_MATCHING: Final = and_(
    roles.c.account == bindparam("account"),
    roles.c.tenant == bindparam("tenant"),
    roles.c.name_key.contains(bindparam("part"), escape="/"),
)
_COUNT: Final = select(func.count()).select_from(roles).where(_MATCHING)
_SEARCH: Final = select(roles).where(_MATCHING)
_UPDATE: Final = (
    update(roles)
    .where(_THE_ROLE)
    .values({name: bindparam(f"new_{name}", type_=roles.c[name].type) for name in _CHANGEABLE})
)
_DELETE: Final = delete(roles).where(_THE_ROLE)
