"""The users of roles."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from attrs import frozen

from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import InvalidRequestError
from meshydb_server.services.roles.changes import Actor, Change, RoleChanges, RoleReference, find_role, require_role
from meshydb_server.services.roles.system import require_assignable
from meshydb_server.services.roles.token_length import require_short_tokens
from meshydb_server.storage.roles import Role, delete_memberships, insert_memberships, list_members
from meshydb_server.storage.users import lock_users


@frozen
class MemberService:
    """Gives roles to users, and takes them, all or nothing."""

    changes: RoleChanges

    async def add(self, actor: Actor, reference: RoleReference, user_ids: Sequence[str]) -> None:
        """Give a role to users; those who have it keep it.

        Raises NotFoundError, InvalidRequestError or AuthorityError.
        """
        await self.changes.make(actor, lambda change: add_members(change, reference, user_ids))

    async def remove(self, actor: Actor, reference: RoleReference, user_ids: Sequence[str]) -> None:
        """Take a role from users; those who do not have it are passed over.

        Raises NotFoundError, InvalidRequestError or AuthorityError.
        """
        await self.changes.make(actor, lambda change: remove_members(change, reference, user_ids), takes=True)


def add_members(change: Change, reference: RoleReference, user_ids: Sequence[str]) -> None:
    """Give a role to users, in a change."""
    # Raises an error if the role permits more than the actor may do.
    role, ids = _require_both(change, change.find(reference), reference, user_ids)
    new = ids - set(list_members(change.connection, role, ids))
    insert_memberships(change.connection, role, sorted(new), change.now)
    require_short_tokens(change.connection, role.account, role.tenant, sorted(new))
    change.note_members("role-granted", role, sorted(new))


def remove_members(change: Change, reference: RoleReference, user_ids: Sequence[str]) -> None:
    """Take a role from users, in a change."""
    found = find_role(change.connection, change.tenant, reference)
    role, ids = _require_both(change, found, reference, user_ids)
    held = list_members(change.connection, role, ids)
    delete_memberships(change.connection, role, held)
    change.note_members("role-revoked", role, sorted(held))


def _require_both(
    change: Change, found: Role | None, reference: RoleReference, user_ids: Collection[str]
) -> tuple[Role, set[str]]:
    """The role, and the ids of the users, who are then locked.

    Raises NotFoundError, InvalidRequestError or AuthorityError.
    """
    ids = {user_id.lower() for user_id in user_ids}
    users = lock_users(change.connection, change.tenant.account, change.tenant.name, ids)
    change.require_authority(users)
    if found is not None:
        require_assignable(found.name_key)
    if len(users) < len(ids):
        raise InvalidRequestError("There is no user of one of these ids.", ErrorCode.UNKNOWN_USER)
    if any(user.anonymous for user in users):
        raise InvalidRequestError("An anonymous user cannot hold roles.", ErrorCode.USER_ANONYMOUS)
    return require_role(found, reference), ids
