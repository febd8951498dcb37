"""Roles, their permissions, and their members."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.audit import OPERATOR, Audit
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import ConflictError, InvalidRequestError, NotFoundError
from meshydb_server.services.common.lookup import require_tenant, require_user, resolved
from meshydb_server.services.common.sources import Sources
from meshydb_server.services.roles.authority import keep_an_administrator
from meshydb_server.services.roles.permissibles import read_permissions
from meshydb_server.services.roles.system import ID_BYTES, SYSTEM_PREFIX, add_role, role_key
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
    list_memberships,
)
from meshydb_server.storage.users import User, lock_user

_NAME: Final = re.compile(r"[A-Za-z]{1,64}")


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
        permissions = read_permissions(new.permissions)
        now = self.sources.now()

        def transaction(connection: Connection) -> Role:
            place = require_tenant(connection, account, tenant)
            role = Role(
                account=place.account,
                tenant=place.name,
                role_id=self.sources.random(ID_BYTES).hex(),
                name=new.name,
                name_key=role_key(new.name),
                description=new.description,
                created_at=now,
            )
            add_role(connection, self.sources.random, role, permissions)
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


def roles_of(connection: Connection, user: User) -> Sequence[Membership]:
    """The roles of a user."""
    return list_memberships(connection, user.account, user.tenant, [user.user_id]).get(user.user_id, ())


def _require_role(connection: Connection, tenant: Tenant, name: str) -> Role:
    found = find_roles(connection, tenant.account, tenant.name, [role_key(name)]).get(role_key(name))
    if found is None:
        raise NotFoundError("There is no role of this name.", ErrorCode.UNKNOWN_ROLE)
    return found


def _require_name(name: str) -> None:
    if role_key(name).startswith(SYSTEM_PREFIX):
        raise InvalidRequestError(
            f"Role names that begin with {SYSTEM_PREFIX} are reserved.", ErrorCode.INVALID_REQUEST
        )
    if not _NAME.fullmatch(name):
        raise InvalidRequestError("A role name must have 1 to 64 letters, from A to Z.", ErrorCode.INVALID_REQUEST)
