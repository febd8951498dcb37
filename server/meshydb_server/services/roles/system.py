"""The roles that every tenant has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.engine import Connection

from meshydb_server.services.common.sources import RandomBytes
from meshydb_server.services.roles.permissibles import OPERATIONS, PERMISSIBLES, permit
from meshydb_server.storage.roles import Permission, Role, insert_permission, insert_role

ADMIN_ROLE: Final = "meshy.admin"
USER_ROLE: Final = "meshy.user"
SYSTEM_PREFIX: Final = "meshy."
ID_BYTES: Final = 12

# Every tenant has these roles. Migration 0002 adds the same to older tenants.
_SYSTEM_ROLES: Final[Mapping[str, Sequence[Permission]]] = {
    ADMIN_ROLE: [permit(permissible, *operations) for permissible, operations in PERMISSIBLES.items()],
    USER_ROLE: [permit("meshes", *OPERATIONS), permit("projections", "read")],
}


def role_key(name: str) -> str:
    """The key that role names are compared by, without regard to case."""
    return name.casefold()


def create_system_roles(connection: Connection, account: str, tenant: str, now: datetime, random: RandomBytes) -> None:
    """Create the roles that every tenant has."""
    for name, permissions in _SYSTEM_ROLES.items():
        role = Role(
            account=account,
            tenant=tenant,
            role_id=random(ID_BYTES).hex(),
            name=name,
            name_key=role_key(name),
            description=None,
            created_at=now,
        )
        add_role(connection, random, role, permissions)


def add_role(connection: Connection, random: RandomBytes, role: Role, permissions: Sequence[Permission]) -> None:
    """Store a role with its permissions."""
    insert_role(connection, role)
    for permission in permissions:
        insert_permission(connection, role, random(ID_BYTES).hex(), permission)
