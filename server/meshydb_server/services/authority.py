"""Who may act on whom: what users may do, compared with what others may do."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from sqlalchemy.engine import Connection

from meshydb_server.services.callers import Caller
from meshydb_server.services.error_codes import ErrorCode
from meshydb_server.services.errors import AuthorityError, InvalidRequestError
from meshydb_server.storage.accounts import lock_tenant
from meshydb_server.storage.roles import Permission, administrators, list_grants
from meshydb_server.storage.users import User

_ALL_MESHES: Final = "meshes"


def permitted(roles: Mapping[str, Sequence[Permission]]) -> frozenset[str]:
    """What roles permit, as access tokens write it: `users.read`, or `meshes.task.read` for a single mesh."""
    return frozenset(each for permissions in roles.values() for each in operations_of(permissions))


def operations_of(permissions: Sequence[Permission]) -> frozenset[str]:
    """What permissions permit, as access tokens write it."""
    return frozenset(f"{each.permissible}.{operation}" for each in permissions for operation in each.operations)


def covers(held: Collection[str], wanted: Collection[str]) -> bool:
    """Whether everything in `wanted` is in `held`, where `meshes.read` includes `meshes.task.read`."""
    return all(each in held or _of_all_meshes(each) in held for each in wanted)


def authority_of(connection: Connection, caller: Caller) -> frozenset[str]:
    """What a caller may do: by the access token, or by the roles that they hold now."""
    current = list_grants(connection, caller.account, caller.tenant, caller.user_id)
    return caller.permissions | permitted(current)


def require_authority(connection: Connection, caller: Caller, target: User) -> None:
    """Raise AuthorityError if a user, whom the caller acts on, may do something that the caller may not.

    In a transaction that changes the user, lock the user first, so that nobody gives them a role meanwhile. Callers may
    always act on themselves.
    """
    if target.user_id == caller.user_id:
        return
    theirs = permitted(list_grants(connection, target.account, target.tenant, target.user_id))
    if not covers(authority_of(connection, caller), theirs):
        raise AuthorityError("The user may do more than you may, so you cannot change or delete them.")


@contextmanager
def keep_an_administrator(connection: Connection, account: str, tenant: str) -> Generator[None]:
    """Do in the block what could take the last administrator from a tenant: an active user who may update roles.

    Locks the tenant, so that of two transactions that do so at once the second waits. Enter the block before any user
    is locked: all transactions then take their locks in the same order. A tenant that has no administrator before the
    block needs none after it; one that has one who can log in keeps one who can. Raises InvalidRequestError; the
    transaction must not be committed then.
    """
    lock_tenant(connection, account, tenant)
    before = administrators(connection, account, tenant)
    yield
    after = administrators(connection, account, tenant)
    if any(had and not has for had, has in zip(before, after, strict=True)):
        raise InvalidRequestError(
            "The tenant would have no active user left who may update roles.", ErrorCode.LAST_ADMINISTRATOR
        )


def _of_all_meshes(permission: str) -> str | None:
    """The permission for all meshes that includes this one, if it is for a single mesh."""
    permissible, _, operation = permission.rpartition(".")
    return f"{_ALL_MESHES}.{operation}" if permissible.startswith(f"{_ALL_MESHES}.") else None
