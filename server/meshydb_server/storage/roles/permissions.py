"""Queries on the permissions of roles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import asdict, frozen
from sqlalchemy import bindparam, insert, select
from sqlalchemy.engine import Connection

from meshydb_server.storage.roles.rows import Role
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
    owner = {"account": role.account, "tenant": role.tenant, "role_id": role.role_id}
    connection.execute(_INSERT_PERMISSION, {**owner, "permission_id": permission_id, **asdict(permission)})


def list_permissions(connection: Connection, role: Role) -> Sequence[Permission]:
    """The permissions of a role."""
    given = {"account": role.account, "tenant": role.tenant, "role_id": role.role_id}
    return [Permission(**row) for row in connection.execute(_PERMISSIONS, given).mappings()]


_INSERT_PERMISSION: Final = insert(permissions)
_PERMISSIONS: Final = select(
    permissions.c.permissible,
    permissions.c.can_create,
    permissions.c.can_read,
    permissions.c.can_update,
    permissions.c.can_delete,
).where(*(permissions.c[name] == bindparam(name) for name in ("account", "tenant", "role_id")))
