"""Compares the permissions of a caller with those of the user or role that they change."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy.engine import Connection

from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import AuthorityError, InvalidRequestError
from meshydb_server.services.roles.permissibles import ALL_MESHES
from meshydb_server.storage.accounts import lock_tenant
from meshydb_server.storage.roles import Permission, administrators, list_grants, list_grants_of
from meshydb_server.storage.users import User


def permitted(roles: Mapping[str, Sequence[Permission]]) -> frozenset[str]:
    """The permissions of roles as access tokens write them: `users.read`, or `meshes.task.read` for one mesh."""
    return frozenset(each for permissions in roles.values() for each in operations_of(permissions))


def operations_of(permissions: Sequence[Permission]) -> frozenset[str]:
    """The operations that permissions allow, as access tokens write them."""
    return frozenset(f"{each.permissible}.{operation}" for each in permissions for operation in each.operations)


def covers(held: Collection[str], wanted: Collection[str]) -> bool:
    """Whether `held` includes everything in `wanted`. `meshes.read` includes `meshes.task.read`."""
    return all(each in held or _of_all_meshes(each) in held for each in wanted)


def held_by(connection: Connection, caller: Caller) -> frozenset[str]:
    """The permissions of a caller's current roles, which are what they may give to others and to themselves.

    An access token can hold more: with it, somebody who has just lost a role could give it back to themselves.
    """
    return permitted(list_grants(connection, caller.account, caller.tenant, caller.user_id))


def authority_of(connection: Connection, caller: Caller) -> frozenset[str]:
    """The permissions of a caller: those of the access token, and those of their current roles."""
    return caller.permissions | held_by(connection, caller)


def require_authority(connection: Connection, caller: Caller, *targets: User) -> None:
    """Raise AuthorityError if a target has a permission that the caller does not have.

    In a transaction that changes the users, lock them first, so that no role is assigned meanwhile. Callers may always
    act on themselves.
    """
    others = [target.user_id for target in targets if target.user_id != caller.user_id]
    if not others:
        return
    theirs = list_grants_of(connection, caller.account, caller.tenant, others)
    wanted = frozenset(each for permissions in theirs.values() for each in operations_of(permissions))
    if not covers(authority_of(connection, caller), wanted):
        raise AuthorityError("The user has permissions that you do not have, so you cannot change or delete them.")


@contextmanager
def keep_an_administrator(connection: Connection, account: str, tenant: str) -> Generator[None]:
    """Make sure that the block leaves the tenant an administrator: an active user who may update roles.

    Locks the tenant, so that the second of two such transactions waits. Enter the block before locking any user: all
    transactions then take their locks in the same order. If the tenant has no administrator before the block, it needs
    none after it. If it has one who can log in, it keeps one who can. Raises InvalidRequestError; do not commit the
    transaction then.
    """
    lock_tenant(connection, account, tenant)
    before = administrators(connection, account, tenant)
    yield
    after = administrators(connection, account, tenant)
    if any(had and not has for had, has in zip(before, after, strict=True)):
        raise InvalidRequestError(
            "The tenant must keep an active user who may update roles.", ErrorCode.LAST_ADMINISTRATOR
        )


def _of_all_meshes(permission: str) -> str | None:
    """The permission for all meshes that includes this one, if this one is for a single mesh."""
    permissible, _, operation = permission.rpartition(".")
    return f"{ALL_MESHES}.{operation}" if permissible.startswith(f"{ALL_MESHES}.") else None
