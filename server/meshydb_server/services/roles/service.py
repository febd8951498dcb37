"""Roles as operators manage them, by the names of roles and users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.common.lookup import require_user
from meshydb_server.services.roles.changes import Actor, Change, RoleChanges, RoleName, find_role, require_role
from meshydb_server.services.roles.members import add_members, remove_members
from meshydb_server.services.roles.permissibles import read_permissions
from meshydb_server.services.roles.permissions import add_permission
from meshydb_server.services.roles.roles import MOST_ROLES, RoleManagement, new_role, require_role_name
from meshydb_server.services.roles.token_length import keep_tokens_short
from meshydb_server.storage.accounts import Tenant
from meshydb_server.storage.roles import (
    Membership,
    Permission,
    Role,
    count_members,
    list_all_permissions,
    list_memberships,
    list_permissions,
    search_roles,
)
from meshydb_server.storage.users import User

# Older versions of the server had no limit.
_ALL: Final = 1000 * MOST_ROLES


@frozen(kw_only=True)
class NewRole:
    """A role to create. Permissions have the form `users:read`."""

    name: str
    description: str | None = None
    permissions: Sequence[str] = ()


@frozen
class ShownRole:
    """A role with its permissions, and how many users have it."""

    role: Role
    permissions: Sequence[Permission]
    users: int


@frozen
class RoleService:
    """Manages the roles of any tenant, for an operator. All methods raise NotFoundError if something does not exist."""

    changes: RoleChanges
    management: RoleManagement

    async def create_role(self, account: str, tenant: str | None, new: NewRole) -> tuple[Role, Sequence[Permission]]:
        """Add a role to a tenant. Raises ConflictError or InvalidRequestError."""
        require_role_name(new.name)
        permissions = read_permissions(new.permissions)

        def work(change: Change) -> Role:
            role = new_role(change, self.changes, new.name, new.description)
            with keep_tokens_short(change.connection, role):
                for permission in permissions:
                    add_permission(change, self.changes, role, permission)
            return role

        return await self.changes.make(Actor(account, tenant), work), permissions

    async def list_roles(self, account: str, tenant: str | None) -> Sequence[ShownRole]:
        """All roles of a tenant, by name."""

        def look(connection: Connection, tenant_row: Tenant) -> Sequence[ShownRole]:
            roles = search_roles(connection, tenant_row.account, tenant_row.name, "", offset=0, limit=_ALL)
            permissions = list_all_permissions(connection, tenant_row.account, tenant_row.name)
            users = count_members(connection, tenant_row.account, tenant_row.name, [role.role_id for role in roles])
            return [ShownRole(role, permissions.get(role.role_id, ()), users.get(role.role_id, 0)) for role in roles]

        return await self.changes.look(Actor(account, tenant), look)

    async def read_role(self, account: str, tenant: str | None, name: str) -> ShownRole:
        """A role."""

        def look(connection: Connection, tenant_row: Tenant) -> ShownRole:
            role = require_role(find_role(connection, tenant_row, RoleName(name)), RoleName(name))
            users = count_members(connection, tenant_row.account, tenant_row.name, [role.role_id])
            return ShownRole(role, list_permissions(connection, role), users.get(role.role_id, 0))

        return await self.changes.look(Actor(account, tenant), look)

    async def delete_role(self, account: str, tenant: str | None, name: str) -> Role:
        """Delete a role, and return what it was. Raises InvalidRequestError."""
        return await self.management.delete(Actor(account, tenant), RoleName(name))

    async def grant_role(
        self, account: str, tenant: str | None, username: str, role: str
    ) -> tuple[User, Sequence[Membership]]:
        """Assign a role to a user, and return all their roles. It is no error if they already have it.

        Raises InvalidRequestError for an anonymous user.
        """

        def work(change: Change) -> tuple[User, Sequence[Membership]]:
            user = require_user(change.connection, change.tenant, username)
            add_members(change, RoleName(role), [user.user_id])
            return user, roles_of(change.connection, user)

        return await self.changes.make(Actor(account, tenant), work)

    async def revoke_role(
        self, account: str, tenant: str | None, username: str, role: str
    ) -> tuple[User, Sequence[Membership]]:
        """Revoke a role from a user, and return their remaining roles. It is no error if they do not have it.

        Raises InvalidRequestError if the tenant would lose its last administrator.
        """

        def work(change: Change) -> tuple[User, Sequence[Membership]]:
            user = require_user(change.connection, change.tenant, username)
            remove_members(change, RoleName(role), [user.user_id])
            return user, roles_of(change.connection, user)

        return await self.changes.make(Actor(account, tenant), work, takes=True)


def roles_of(connection: Connection, user: User) -> Sequence[Membership]:
    """The roles of a user."""
    return list_memberships(connection, user.account, user.tenant, [user.user_id]).get(user.user_id, ())
