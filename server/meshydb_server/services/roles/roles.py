"""Roles: their names, and what they are for."""

from __future__ import annotations

import re
from typing import Final

from attrs import evolve, frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import ConflictError, InvalidRequestError
from meshydb_server.services.common.pages import Page, PageRequest
from meshydb_server.services.roles.changes import Actor, Change, RoleChanges, RoleReference, find_role, require_role
from meshydb_server.services.roles.system import ID_BYTES, SYSTEM_PREFIX, is_system_role, role_key
from meshydb_server.services.roles.token_length import keep_tokens_short
from meshydb_server.storage.accounts import Tenant
from meshydb_server.storage.roles import (
    Role,
    count_members,
    count_roles,
    delete_role,
    find_roles,
    insert_role,
    search_roles,
    update_role,
)

MOST_ROLES: Final = 1000
_NAME: Final = re.compile(r"[A-Za-z]{1,64}")


@frozen
class CountedRole:
    """A role, and how many users have it."""

    role: Role
    users: int


@frozen
class RoleManagement:
    """Creates, reads, changes and deletes roles."""

    changes: RoleChanges

    async def create(self, actor: Actor, name: str, description: str | None) -> CountedRole:
        """Add a role. Raises ConflictError or InvalidRequestError."""
        require_role_name(name)
        return await self.changes.make(
            actor, lambda change: CountedRole(new_role(change, self.changes, name, description), 0)
        )

    async def read(self, actor: Actor, reference: RoleReference) -> CountedRole:
        """A role. Raises NotFoundError."""

        def look(connection: Connection, tenant: Tenant) -> CountedRole:
            return _counted(connection, require_role(find_role(connection, tenant, reference), reference))

        return await self.changes.look(actor, look)

    async def search(self, actor: Actor, name: str, request: PageRequest) -> Page[CountedRole]:
        """The roles that have this in their names, by name."""
        key = role_key(name)

        def look(connection: Connection, tenant: Tenant) -> Page[CountedRole]:
            place = (tenant.account, tenant.name)
            total = count_roles(connection, *place, key)
            found = search_roles(connection, *place, key, offset=request.offset, limit=request.size)
            users = count_members(connection, *place, [role.role_id for role in found])
            results = [CountedRole(role, users.get(role.role_id, 0)) for role in found]
            return Page(results, request.number, request.size, total)

        return await self.changes.look(actor, look)

    async def update(self, actor: Actor, reference: RoleReference, name: str, description: str | None) -> CountedRole:
        """Replace the name and description of a role.

        Raises NotFoundError, ConflictError, InvalidRequestError or AuthorityError.
        """
        require_role_name(name)

        def work(change: Change) -> CountedRole:
            found = change.find(reference)
            if found is not None and is_system_role(found):
                raise InvalidRequestError("A system role cannot be changed.", ErrorCode.ROLE_RESERVED)
            _require_free(change, name, found)
            role = require_role(found, reference)
            changed = evolve(role, name=name, name_key=role_key(name), description=description)
            with keep_tokens_short(change.connection, role):
                update_role(change.connection, changed)
            change.note_update(role, name)
            return _counted(change.connection, changed)

        return await self.changes.make(actor, work)

    async def delete(self, actor: Actor, reference: RoleReference) -> Role:
        """Delete a role, and return what it was. Raises NotFoundError, InvalidRequestError or AuthorityError."""

        def work(change: Change) -> Role:
            found = change.find(reference)
            if found is not None and is_system_role(found):
                raise InvalidRequestError("A system role cannot be deleted.", ErrorCode.ROLE_RESERVED)
            role = require_role(found, reference)
            delete_role(change.connection, role)
            change.note("role-deleted", role)
            return role

        return await self.changes.make(actor, work, takes=True)


def new_role(change: Change, changes: RoleChanges, name: str, description: str | None) -> Role:
    """Add a role of an acceptable name. Raises ConflictError or InvalidRequestError."""
    _require_free(change, name, None)
    account, tenant = change.tenant.account, change.tenant.name
    if count_roles(change.connection, account, tenant) >= MOST_ROLES:
        raise InvalidRequestError(f"A tenant can have {MOST_ROLES} roles at most.", ErrorCode.TOO_MANY_ROLES)
    role = Role(
        account=account,
        tenant=tenant,
        role_id=changes.randomness(ID_BYTES).hex(),
        name=name,
        name_key=role_key(name),
        description=description,
        created_at=change.now,
    )
    insert_role(change.connection, role)
    change.note("role-created", role)
    return role


def require_role_name(name: str) -> None:
    """Raise InvalidRequestError unless a role may have this name."""
    if role_key(name).startswith(SYSTEM_PREFIX):
        raise InvalidRequestError(
            f"Role names that begin with {SYSTEM_PREFIX} are reserved.", ErrorCode.ROLE_NAME_RESERVED
        )
    if not _NAME.fullmatch(name):
        raise InvalidRequestError("A role name must have 1 to 64 letters, from A to Z.", ErrorCode.VALUE_INVALID)


def _require_free(change: Change, name: str, role: Role | None) -> None:
    """Raise ConflictError if another role than this one has the name."""
    other = find_roles(change.connection, change.tenant.account, change.tenant.name, [role_key(name)]).get(
        role_key(name)
    )
    if other is not None and (role is None or other.role_id != role.role_id):
        raise ConflictError(f"The role {name} already exists.", ErrorCode.ROLE_NAME_TAKEN)


def _counted(connection: Connection, role: Role) -> CountedRole:
    users = count_members(connection, role.account, role.tenant, [role.role_id])
    return CountedRole(role, users.get(role.role_id, 0))
