"""The roles that every tenant has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.engine import Connection

from meshydb_server.services.common.dependencies import Randomness
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import InvalidRequestError
from meshydb_server.services.roles.permissibles import OPERATIONS, PERMISSIBLES, permit
from meshydb_server.storage.roles import (
    Permission,
    Role,
    find_roles,
    insert_permission,
    insert_role,
    list_grants,
    list_permissions,
)
from meshydb_server.storage.users import User

ADMIN_ROLE: Final = "meshy.admin"
USER_ROLE: Final = "meshy.user"
ANONYMOUS_ROLE: Final = "meshy.anonymous"
SYSTEM_PREFIX: Final = "meshy."
ID_BYTES: Final = 12

_EVERYBODYS: Final = (permit("meshes", *OPERATIONS), permit("projections", "read"))

# Every tenant has these roles. Migrations 0002 and 0007 add the same to older tenants.
_SYSTEM_ROLES: Final[Mapping[str, Sequence[Permission]]] = {
    ADMIN_ROLE: [permit(permissible, *operations) for permissible, operations in PERMISSIBLES.items()],
    USER_ROLE: _EVERYBODYS,
    ANONYMOUS_ROLE: _EVERYBODYS,
}


def role_key(name: str) -> str:
    """The key that role names are compared by, without regard to case."""
    return name.casefold()


def is_system_role(role: Role) -> bool:
    """Whether the role is one of those that every tenant has."""
    return role.name_key.startswith(SYSTEM_PREFIX)


def require_assignable(name_key: str) -> None:
    """Raise InvalidRequestError for the role of anonymous users, who have no roles of their own."""
    if name_key == ANONYMOUS_ROLE:
        raise InvalidRequestError(f"The role {ANONYMOUS_ROLE} cannot be given to users.", ErrorCode.ROLE_UNASSIGNABLE)


def grants_of(connection: Connection, user: User) -> Mapping[str, Sequence[Permission]]:
    """The permissions of each role that the tokens of a user have, by the role's name."""
    if not user.anonymous:
        return list_grants(connection, user.account, user.tenant, user.user_id)
    found = find_roles(connection, user.account, user.tenant, [ANONYMOUS_ROLE])
    return {role.name: list_permissions(connection, role) for role in found.values()}


def create_system_roles(connection: Connection, account: str, tenant: str, now: datetime, random: Randomness) -> None:
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


def add_role(connection: Connection, random: Randomness, role: Role, permissions: Sequence[Permission]) -> None:
    """Store a role with its permissions."""
    insert_role(connection, role)
    for permission in permissions:
        insert_permission(connection, role, random(ID_BYTES).hex(), permission)
