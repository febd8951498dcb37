"""Queries on the permissions of roles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from attrs import asdict, frozen
from sqlalchemy import and_, bindparam, delete, insert, select, update
from sqlalchemy.engine import Connection

from meshydb_server.storage.roles.rows import Role, columns_of
from meshydb_server.storage.schema import permissions


@frozen(kw_only=True)
class Permission:
    """The operations that a role allows on one kind of data."""

    permissible: str
    can_create: bool = False
    can_read: bool = False
    can_update: bool = False
    can_delete: bool = False

    @property
    def operations(self) -> Sequence[str]:
        """The names of the operations, such as `read`."""
        return [name for name in ("create", "read", "update", "delete") if getattr(self, f"can_{name}")]


def insert_permission(connection: Connection, role: Role, permission_id: str, permission: Permission) -> None:
    """Add a permission to a role."""
    connection.execute(_INSERT, {**columns_of(role), "permission_id": permission_id, **asdict(permission)})


def get_permissions(connection: Connection, role: Role) -> Mapping[str, Permission]:
    """The permissions of a role by id, ordered by permissible."""
    rows = [dict(row) for row in connection.execute(_OF_ROLE, columns_of(role)).mappings()]
    # Not sorted by the database: each database has its own collation.
    rows.sort(key=lambda row: row["permissible"])
    return {row.pop("permission_id"): Permission(**row) for row in rows}


def list_permissions(connection: Connection, role: Role) -> Sequence[Permission]:
    """The permissions of a role, ordered by permissible."""
    return [*get_permissions(connection, role).values()]


def list_all_permissions(connection: Connection, account: str, tenant: str) -> Mapping[str, Sequence[Permission]]:
    """The permissions of all roles of a tenant, by the roles' ids, ordered by permissible."""
    found: defaultdict[str, list[Permission]] = defaultdict(list)
    for row in connection.execute(_OF_TENANT, {"account": account, "tenant": tenant}).mappings():
        permission = dict(row)
        found[permission.pop("role_id")].append(Permission(**permission))
    return {role_id: sorted(each, key=lambda given: given.permissible) for role_id, each in found.items()}


def update_permission(connection: Connection, role: Role, permission_id: str, permission: Permission) -> None:
    """Replace a permission of a role."""
    changed = {f"new_{name}": value for name, value in asdict(permission).items()}
    connection.execute(_UPDATE, {**_key(role, permission_id), **changed})


def delete_permission(connection: Connection, role: Role, permission_id: str) -> None:
    """Delete a permission of a role."""
    connection.execute(_DELETE, _key(role, permission_id))


def _key(role: Role, permission_id: str) -> dict[str, str]:
    return {**{f"the_{name}": value for name, value in columns_of(role).items()}, "the_permission_id": permission_id}


_VALUES: Final = ("permissible", "can_create", "can_read", "can_update", "can_delete")
_COLUMNS: Final = [permissions.c[name] for name in _VALUES]
_PLACE: Final = ("account", "tenant")
_ROLE: Final = (*_PLACE, "role_id")
_THE_PERMISSION: Final = and_(
    *(permissions.c[name] == bindparam(f"the_{name}") for name in (*_ROLE, "permission_id")),
)
_INSERT: Final = insert(permissions)
_OF_ROLE: Final = select(permissions.c.permission_id, *_COLUMNS).where(
    *(permissions.c[name] == bindparam(name) for name in _ROLE)
)
_OF_TENANT: Final = select(permissions.c.role_id, *_COLUMNS).where(
    *(permissions.c[name] == bindparam(name) for name in _PLACE)
)
_UPDATE: Final = (
    update(permissions)
    .where(_THE_PERMISSION)
    .values({name: bindparam(f"new_{name}", type_=permissions.c[name].type) for name in _VALUES})
)
_DELETE: Final = delete(permissions).where(_THE_PERMISSION)
