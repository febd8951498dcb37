"""Roles, their permissions, and their members."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.audit import OPERATOR, Audit
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import ConflictError, InvalidRequestError, NotFoundError
from meshydb_server.services.common.lookup import require_tenant, require_user, resolved
from meshydb_server.services.common.sources import RandomBytes, Sources
from meshydb_server.services.roles.authority import keep_an_administrator
from meshydb_server.storage.accounts import Tenant
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import DuplicateError
from meshydb_server.storage.roles import (
    Membership,
    Permission,
    Role,
    delete_membership,
    find_roles,
    insert_membership,
    insert_permission,
    insert_role,
    list_memberships,
)
from meshydb_server.storage.users import User, lock_user

ADMIN_ROLE: Final = "meshy.admin"
USER_ROLE: Final = "meshy.user"
_SYSTEM_PREFIX: Final = "meshy."
_ID_BYTES: Final = 12

OPERATIONS: Final = ("create", "read", "update", "delete")
_NAME: Final = re.compile(r"[A-Za-z]{1,64}")
_MESH: Final = re.compile(r"meshes\.[A-Za-z]+")

# The permissibles, each with its operations. A single mesh, such as `meshes.task`, has all operations.
_PERMISSIBLES: Final[Mapping[str, Sequence[str]]] = {
    "meshes": OPERATIONS,
    "projections": ("read",),
    "users": OPERATIONS,
    "roles": OPERATIONS,
}


def permit(permissible: str, *operations: str) -> Permission:
    """A permission for some operations."""
    return Permission(permissible=permissible, **{f"can_{operation}": True for operation in operations})


# Every tenant has these roles. Migration 0002 adds the same to older tenants.
_SYSTEM_ROLES: Final[Mapping[str, Sequence[Permission]]] = {
    ADMIN_ROLE: [permit(permissible, *operations) for permissible, operations in _PERMISSIBLES.items()],
    USER_ROLE: [permit("meshes", *OPERATIONS), permit("projections", "read")],
}


@frozen(kw_only=True)
class NewRole:
    """A role to create. Permissions have the form `users:read`."""

    name: str
    description: str | None = None
    permissions: Sequence[str] = ()


@frozen
class RoleService:
    """Creates roles, and assigns and revokes them, for an operator."""

    database: Database
    sources: Sources
    audit: Audit

    async def create_role(self, account: str, tenant: str | None, new: NewRole) -> tuple[Role, Sequence[Permission]]:
        """Add a role to a tenant. Raises NotFoundError, ConflictError or InvalidRequestError."""
        _require_name(new.name)
        permissions = _read_permissions(new.permissions)
        now = self.sources.now()

        def transaction(connection: Connection) -> Role:
            place = require_tenant(connection, account, tenant)
            role = Role(
                account=place.account,
                tenant=place.name,
                role_id=self.sources.random(_ID_BYTES).hex(),
                name=new.name,
                name_key=role_key(new.name),
                description=new.description,
                created_at=now,
            )
            _add_role(connection, self.sources.random, role, permissions)
            self.audit.note(connection, resolved(place), "role-created", OPERATOR, now=now)
            return role

        try:
            return await self.database.write(transaction), permissions
        except DuplicateError as error:
            raise ConflictError(f"The role {new.name} already exists.", ErrorCode.INVALID_REQUEST) from error

    async def grant_role(
        self, account: str, tenant: str | None, username: str, role: str
    ) -> tuple[User, Sequence[Membership]]:
        """Assign a role to a user, and return all their roles. It is no error if they already have it.

        Raises NotFoundError, or InvalidRequestError for an anonymous user.
        """
        now = self.sources.now()

        def transaction(connection: Connection) -> tuple[User, Sequence[Membership]]:
            place = require_tenant(connection, account, tenant)
            user = require_user(connection, place, username)
            if user.anonymous:
                raise InvalidRequestError("An anonymous user cannot hold roles.", ErrorCode.USER_ANONYMOUS)
            found = _require_role(connection, place, role)
            # So that no other transaction assigns it at the same time.
            lock_user(connection, user.account, user.tenant, user.user_id)
            if found.role_id not in {each.role_id for each in roles_of(connection, user)}:
                insert_membership(connection, user, found.role_id, now)
                self.audit.note(connection, resolved(place), "role-granted", OPERATOR, now=now, user_id=user.user_id)
            return user, roles_of(connection, user)

        return await self.database.write(transaction)

    async def revoke_role(
        self, account: str, tenant: str | None, username: str, role: str
    ) -> tuple[User, Sequence[Membership]]:
        """Revoke a role from a user, and return their remaining roles. It is no error if they do not have it.

        Raises NotFoundError, or InvalidRequestError if the tenant would lose its last administrator.
        """
        now = self.sources.now()

        def transaction(connection: Connection) -> tuple[User, Sequence[Membership]]:
            place = require_tenant(connection, account, tenant)
            with keep_an_administrator(connection, place.account, place.name):
                user = require_user(connection, place, username)
                found = _require_role(connection, place, role)
                lock_user(connection, user.account, user.tenant, user.user_id)
                if delete_membership(connection, user, found.role_id):
                    self.audit.note(
                        connection, resolved(place), "role-revoked", OPERATOR, now=now, user_id=user.user_id
                    )
            return user, roles_of(connection, user)

        return await self.database.write(transaction)


def role_key(name: str) -> str:
    """The key that role names are compared by, without regard to case."""
    return name.casefold()


def roles_of(connection: Connection, user: User) -> Sequence[Membership]:
    """The roles of a user."""
    return list_memberships(connection, user.account, user.tenant, [user.user_id]).get(user.user_id, ())


def create_system_roles(connection: Connection, account: str, tenant: str, now: datetime, random: RandomBytes) -> None:
    """Create the roles that every tenant has."""
    for name, permissions in _SYSTEM_ROLES.items():
        role = Role(
            account=account,
            tenant=tenant,
            role_id=random(_ID_BYTES).hex(),
            name=name,
            name_key=role_key(name),
            description=None,
            created_at=now,
        )
        _add_role(connection, random, role, permissions)


def _require_role(connection: Connection, tenant: Tenant, name: str) -> Role:
    found = find_roles(connection, tenant.account, tenant.name, [role_key(name)]).get(role_key(name))
    if found is None:
        raise NotFoundError("There is no role of this name.", ErrorCode.UNKNOWN_ROLE)
    return found


def _add_role(connection: Connection, random: RandomBytes, role: Role, permissions: Sequence[Permission]) -> None:
    insert_role(connection, role)
    for permission in permissions:
        insert_permission(connection, role, random(_ID_BYTES).hex(), permission)


def _require_name(name: str) -> None:
    if role_key(name).startswith(_SYSTEM_PREFIX):
        raise InvalidRequestError(
            f"Role names that begin with {_SYSTEM_PREFIX} are reserved.", ErrorCode.INVALID_REQUEST
        )
    if not _NAME.fullmatch(name):
        raise InvalidRequestError("A role name must have 1 to 64 letters, from A to Z.", ErrorCode.INVALID_REQUEST)


def _read_permissions(words: Sequence[str]) -> Sequence[Permission]:
    given: dict[str, set[str]] = {}
    for word in words:
        permissible, _, operation = word.rpartition(":")
        offered = OPERATIONS if _MESH.fullmatch(permissible) else _PERMISSIBLES.get(permissible)
        if offered is None:
            raise InvalidRequestError(
                "A permission must read meshes:read, or have meshes.NAME, projections, users or roles for meshes.",
                ErrorCode.INVALID_REQUEST,
            )
        if operation not in offered:
            raise InvalidRequestError(
                f"The supported operations on {permissible} are: {', '.join(offered)}.", ErrorCode.INVALID_REQUEST
            )
        given.setdefault(permissible, set()).add(operation)
    if "meshes" in given and any(_MESH.fullmatch(permissible) for permissible in given):
        raise InvalidRequestError(
            "A role cannot have permissions for all meshes and for a single mesh.", ErrorCode.INVALID_REQUEST
        )
    return [permit(permissible, *operations) for permissible, operations in given.items()]
