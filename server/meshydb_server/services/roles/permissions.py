"""The permissions of roles."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import ConflictError, InvalidRequestError, NotFoundError
from meshydb_server.services.common.pages import Page, PageRequest, page_of
from meshydb_server.services.roles.changes import Actor, Change, RoleChanges, RoleReference, find_role, require_role
from meshydb_server.services.roles.permissibles import Permissible, require_no_overlap, search_permissibles
from meshydb_server.services.roles.system import ADMIN_ROLE, ID_BYTES
from meshydb_server.services.roles.token_length import keep_tokens_short
from meshydb_server.storage.accounts import Tenant
from meshydb_server.storage.meshes import list_meshes
from meshydb_server.storage.roles import (
    Permission,
    Role,
    delete_permission,
    get_permissions,
    insert_permission,
    update_permission,
)

MOST_PERMISSIONS: Final = 100


@frozen
class RolePermission:
    """A permission of a role, with its id."""

    permission_id: str
    permission: Permission


@frozen
class PermissionService:
    """Creates, reads, changes and deletes the permissions of roles."""

    changes: RoleChanges

    async def create(self, actor: Actor, reference: RoleReference, new: Permission) -> RolePermission:
        """Add a permission to a role. Raises InvalidRequestError, also for an unknown role, or AuthorityError."""

        def work(change: Change) -> RolePermission:
            _require_held(change, new)
            role = change.find(reference)
            if role is None:
                raise InvalidRequestError("There is no role of this id.", ErrorCode.UNKNOWN_ROLE)
            with keep_tokens_short(change.connection, role):
                return add_permission(change, self.changes, role, new)

        return await self.changes.make(actor, work)

    async def read(self, actor: Actor, reference: RoleReference, permission_id: str) -> RolePermission:
        """A permission of a role. Raises NotFoundError."""

        def look(connection: Connection, tenant: Tenant) -> RolePermission:
            role = require_role(find_role(connection, tenant, reference), reference)
            found = get_permissions(connection, role).get(permission_id.lower())
            return RolePermission(permission_id.lower(), _require(found))

        return await self.changes.look(actor, look)

    async def search(
        self, actor: Actor, reference: RoleReference, permissible: str, request: PageRequest
    ) -> Page[RolePermission]:
        """The permissions of a role that have this in the names of their permissibles, by these names."""
        part = permissible.lower()

        def look(connection: Connection, tenant: Tenant) -> Page[RolePermission]:
            role = require_role(find_role(connection, tenant, reference), reference)
            found = get_permissions(connection, role).items()
            matching = [RolePermission(key, each) for key, each in found if part in each.permissible]
            return page_of(matching, request)

        return await self.changes.look(actor, look)

    async def search_permissibles(self, actor: Actor, name: str, request: PageRequest) -> Page[Permissible]:
        """What permissions can be for, by name, as far as the name has this in it."""

        def look(connection: Connection, tenant: Tenant) -> Page[Permissible]:
            return search_permissibles(name, list_meshes(connection, tenant.account, tenant.name), request)

        return await self.changes.look(actor, look)

    async def update(
        self, actor: Actor, reference: RoleReference, permission_id: str, new: Permission
    ) -> RolePermission:
        """Replace a permission of a role. Raises NotFoundError, InvalidRequestError or AuthorityError."""
        permission_id = permission_id.lower()

        def work(change: Change) -> RolePermission:
            _require_held(change, new)
            found = change.find(reference)
            if found is not None:
                _require_editable(found)
                present = get_permissions(change.connection, found)
                _require_fitting(new, [each for key, each in present.items() if key != permission_id])
            role = require_role(found, reference)
            _require(get_permissions(change.connection, role).get(permission_id))
            with keep_tokens_short(change.connection, role):
                update_permission(change.connection, role, permission_id, new)
            change.note("permission-updated", role, new)
            return RolePermission(permission_id, new)

        return await self.changes.make(actor, work, takes=True)

    async def delete(self, actor: Actor, reference: RoleReference, permission_id: str) -> None:
        """Delete a permission of a role. Raises NotFoundError, InvalidRequestError or AuthorityError."""
        permission_id = permission_id.lower()

        def work(change: Change) -> None:
            found = change.find(reference)
            if found is not None:
                _require_editable(found)
            role = require_role(found, reference)
            permission = _require(get_permissions(change.connection, role).get(permission_id))
            delete_permission(change.connection, role, permission_id)
            change.note("permission-deleted", role, permission)

        await self.changes.make(actor, work, takes=True)


def add_permission(change: Change, changes: RoleChanges, role: Role, new: Permission) -> RolePermission:
    """Add a permission to a role. Raises InvalidRequestError."""
    _require_editable(role)
    present = get_permissions(change.connection, role)
    _require_fitting(new, present.values())
    if len(present) >= MOST_PERMISSIONS:
        raise InvalidRequestError(
            f"A role can have {MOST_PERMISSIONS} permissions at most.", ErrorCode.TOO_MANY_PERMISSIONS
        )
    permission_id = changes.randomness(ID_BYTES).hex()
    insert_permission(change.connection, role, permission_id, new)
    change.note("permission-created", role, new)
    return RolePermission(permission_id, new)


def _require_held(change: Change, permission: Permission) -> None:
    change.require_held([permission], "You do not have this permission, so you cannot give it.")


def _require_editable(role: Role) -> None:
    if role.name_key == ADMIN_ROLE:
        raise InvalidRequestError(f"The permissions of {ADMIN_ROLE} are fixed.", ErrorCode.ROLE_RESERVED)


def _require_fitting(new: Permission, others: Collection[Permission]) -> None:
    names = {each.permissible for each in others}
    if new.permissible in names:
        raise ConflictError(f"The role has a permission for {new.permissible} already.", ErrorCode.PERMISSION_TAKEN)
    require_no_overlap(new.permissible, names)


def _require(found: Permission | None) -> Permission:
    if found is None:
        raise NotFoundError("The role has no permission of this id.", ErrorCode.UNKNOWN_PERMISSION)
    return found
