"""Queries on the roles of users, and on what these permit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy import and_, bindparam, delete, func, insert, select
from sqlalchemy.engine import Connection

from meshydb_server.storage.roles.permissions import Permission
from meshydb_server.storage.roles.rows import Role, columns_of
from meshydb_server.storage.schema import permissions, roles, user_roles, users
from meshydb_server.storage.users import User


@frozen
class Membership:
    """A role of a user."""

    role_id: str
    name: str
    added_at: datetime


def insert_membership(connection: Connection, user: User, role_id: str, now: datetime) -> None:
    """Assign a role to a user who does not have it."""
    owner = {"account": user.account, "tenant": user.tenant, "user_id": user.user_id}
    connection.execute(_INSERT_MEMBERSHIP, {**owner, "role_id": role_id, "added_at": now})


def list_members(connection: Connection, role: Role, user_ids: Iterable[str]) -> Collection[str]:
    """The ids of those of these users who have the role."""
    return set(connection.scalars(_MEMBERS, {**columns_of(role), "user_ids": [*user_ids]}))


def insert_memberships(connection: Connection, role: Role, user_ids: Iterable[str], now: datetime) -> None:
    """Assign a role to users who do not have it."""
    rows = [{**columns_of(role), "user_id": user_id, "added_at": now} for user_id in user_ids]
    if rows:
        connection.execute(_INSERT_MEMBERSHIP, rows)


def delete_memberships(connection: Connection, role: Role, user_ids: Iterable[str]) -> None:
    """Remove a role from users."""
    connection.execute(_DELETE_MEMBERSHIPS, {**columns_of(role), "user_ids": [*user_ids]})


def count_members(connection: Connection, account: str, tenant: str, role_ids: Iterable[str]) -> Mapping[str, int]:
    """How many users have each of these roles. Roles that nobody has are absent."""
    given = {"account": account, "tenant": tenant, "role_ids": [*role_ids]}
    return {row[0]: row[1] for row in connection.execute(_COUNT_MEMBERS, given)}


def list_memberships(
    connection: Connection, account: str, tenant: str, user_ids: Iterable[str]
) -> Mapping[str, Sequence[Membership]]:
    """The roles of these users, in the order of assignment. Users without roles are absent."""
    given = {"account": account, "tenant": tenant, "user_ids": [*user_ids]}
    held: defaultdict[str, list[Membership]] = defaultdict(list)
    for user_id, *membership in connection.execute(_MEMBERSHIPS, given):
        held[user_id].append(Membership(*membership))
    return {user_id: in_order(roles) for user_id, roles in held.items()}


def in_order(held: Iterable[Membership]) -> Sequence[Membership]:
    """The roles of a user, in the order of assignment."""
    # Not sorted by the database: each database has its own collation.
    return sorted(held, key=lambda role: (role.added_at, role.name))


def list_grants(connection: Connection, account: str, tenant: str, user_id: str) -> Mapping[str, Sequence[Permission]]:
    """The permissions of each role of a user, by the role's name."""
    given = {"account": account, "tenant": tenant, "user_id": user_id}
    granted: defaultdict[str, list[Permission]] = defaultdict(list)
    for row in connection.execute(_GRANTS, given).mappings():
        permission = dict(row)
        name = permission.pop("name")
        # A role may have no permissions.
        granted[name].extend([] if permission["permissible"] is None else [Permission(**permission)])
    return granted


def list_grants_of(
    connection: Connection, account: str, tenant: str, user_ids: Iterable[str]
) -> Mapping[str, Sequence[Permission]]:
    """The permissions of these users, of all their roles together. Users without any are absent."""
    given = {"account": account, "tenant": tenant, "user_ids": [*user_ids]}
    granted: defaultdict[str, list[Permission]] = defaultdict(list)
    for row in connection.execute(_GRANTS_OF, given).mappings():
        permission = dict(row)
        granted[permission.pop("user_id")].append(Permission(**permission))
    return granted


def administrators(connection: Connection, account: str, tenant: str) -> tuple[bool, bool]:
    """Whether the tenant has an active user who may update roles, and whether it has one who can also log in."""
    found = connection.scalars(_ADMINISTRATORS, {"account": account, "tenant": tenant}).all()
    return bool(found), any(found)


_INSERT_MEMBERSHIP: Final = insert(user_roles)
_ITS_ROLE: Final = and_(
    roles.c.account == user_roles.c.account,
    roles.c.tenant == user_roles.c.tenant,
    roles.c.role_id == user_roles.c.role_id,
)
_ITS_PERMISSIONS: Final = and_(
    permissions.c.account == roles.c.account,
    permissions.c.tenant == roles.c.tenant,
    permissions.c.role_id == roles.c.role_id,
)
_HERE: Final = and_(user_roles.c.account == bindparam("account"), user_roles.c.tenant == bindparam("tenant"))
_AMONG: Final = and_(
    _HERE,
    user_roles.c.user_id.in_(bindparam("user_ids", expanding=True)),
    user_roles.c.role_id == bindparam("role_id"),
)
_MEMBERS: Final = select(user_roles.c.user_id).where(_AMONG)
_DELETE_MEMBERSHIPS: Final = delete(user_roles).where(_AMONG)
_COUNT_MEMBERS: Final = (
    select(user_roles.c.role_id, func.count())
    .where(_HERE, user_roles.c.role_id.in_(bindparam("role_ids", expanding=True)))
    .group_by(user_roles.c.role_id)
)
_MEMBERSHIPS: Final = (
    select(user_roles.c.user_id, roles.c.role_id, roles.c.name, user_roles.c.added_at)
    .join_from(user_roles, roles, _ITS_ROLE)
    .where(_HERE, user_roles.c.user_id.in_(bindparam("user_ids", expanding=True)))
)
_GRANTED: Final = (
    permissions.c.permissible,
    permissions.c.can_create,
    permissions.c.can_read,
    permissions.c.can_update,
    permissions.c.can_delete,
)
_GRANTS: Final = (
    select(roles.c.name, *_GRANTED)
    .select_from(user_roles)
    .join(roles, _ITS_ROLE)
    .outerjoin(permissions, _ITS_PERMISSIONS)
    .where(_HERE, user_roles.c.user_id == bindparam("user_id"))
)
_GRANTS_OF: Final = (
    select(user_roles.c.user_id, *_GRANTED)
    .select_from(user_roles)
    .join(roles, _ITS_ROLE)
    .join(permissions, _ITS_PERMISSIONS)
    .where(_HERE, user_roles.c.user_id.in_(bindparam("user_ids", expanding=True)))
)
_ADMINISTRATORS: Final = (
    # Each result once.
    select(users.c.verified)
    .distinct()
    .select_from(user_roles)
    .join(users, and_(*(users.c[name] == user_roles.c[name] for name in ("account", "tenant", "user_id"))))
    .join(permissions, and_(*(permissions.c[name] == user_roles.c[name] for name in ("account", "tenant", "role_id"))))
    .where(_HERE, users.c.is_active, permissions.c.permissible == "roles", permissions.c.can_update)
)
