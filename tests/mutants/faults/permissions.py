"""Faults in what a user may do, and to whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from attrs import evolve

from meshydb_server.http import authentication
from meshydb_server.services.logins import service as tokens
from meshydb_server.services.roles import changes, permissions, permitted
from meshydb_server.services.users import new_users
from meshydb_server.services.users import service as users
from meshydb_server.storage.roles import list_grants
from tests.mutants.table import Table

TABLE: Final = Table()


@TABLE.parts(authentication.RequestAuthentication, "__init__", "searchUsers", "permissions_are_needed")
def permission_not_needed(original: Callable[..., None], guard: Any, operation: Any) -> None:
    """Any user may do everything."""
    original(guard, evolve(operation, permissions=[[]]))


@TABLE.parts(authentication.RequestAuthentication, "__init__", "createUser", "permissions_are_needed")
def wrong_permission_accepted(original: Callable[..., None], guard: Any, operation: Any) -> None:
    """Any user may create users."""
    permissions = [[]] if operation.operation_id == "createUser" else operation.permissions
    original(guard, evolve(operation, permissions=permissions))


@TABLE.parts(users, "require_authority", "updateUser", "nobody_acts_on_who_may_do_more")
def anybody_is_acted_on(*_: object) -> None:
    """A user who may update users can update administrators."""


@TABLE.parts(new_users, "covers", "createUser", "nobody_acts_on_who_may_do_more")
def any_role_is_given(*_: object) -> bool:
    """A user who may create users can create administrators."""
    return True


@TABLE.parts(tokens.TokenService, "authenticate", "searchUsers", "permissions_change_at_the_next_token")
async def permission_takes_effect_at_once(original: Callable[..., Any], service: Any, *given: Any) -> Any:
    """A caller has the permissions of their current roles, whatever their token says."""
    caller = await original(service, *given)
    of_caller = (caller.account, caller.tenant, caller.user_id)
    current = await service.database.read(lambda connection: list_grants(connection, *of_caller))
    return evolve(caller, permissions=permitted(current))


@TABLE.parts(tokens, "grants_of", "searchUsers", "permissions_change_at_the_next_token")
def permission_never_takes_effect(*_: object) -> Mapping[str, Any]:
    """No permission is in a token."""
    return {}


@TABLE.parts(permissions, "delete_permission", "searchUsers", "permissions_change_at_the_next_token")
def deleted_permission_still_granted(*_: object) -> None:
    """Deleting a permission has no effect."""


@TABLE.parts(permissions, "require_no_overlap", "createPermission", "permissions_do_not_overlap")
def all_meshes_beside_single_ones(original: Callable[..., None], name: str, others: Any) -> None:
    """A permission for all meshes can be added to one for a single mesh."""
    if name != "meshes":
        original(name, others)


@TABLE.parts(permissions, "require_no_overlap", "createPermission", "permissions_do_not_overlap")
def single_meshes_beside_all(original: Callable[..., None], name: str, others: Any) -> None:
    """A permission for a single mesh can be added to one for all meshes."""
    if name == "meshes":
        original(name, others)


@TABLE.parts(permissions.PermissionService, "update", "updatePermission", "permissions_do_not_overlap")
async def overlap_by_update(original: Callable[..., Any], *given: Any) -> Any:
    """An update does not check whether permissions overlap."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(permissions, "require_no_overlap", lambda *_: None)
        return await original(*given)


@TABLE.parts(permissions, "update_permission", "getPermission", "permissions_are_replaced")
def operation_kept_by_update(original: Callable[..., None], connection: Any, role: Any, key: str, new: Any) -> None:
    """An update does not take the permission to create."""
    original(connection, role, key, evolve(new, can_create=True))


@TABLE.parts(permissions, "_require_held", "createPermission", "nobody_grants_more_than_they_hold")
def any_permission_added(*_: object) -> None:
    """A user who may create permissions can add those that they do not hold."""


@TABLE.parts(changes.Change, "find", "addUsersToRole", "nobody_grants_more_than_they_hold")
def any_role_assigned(_: Callable[..., Any], change: changes.Change, reference: Any) -> Any:
    """A user who may change roles can assign and change those that permit more."""
    return changes.find_role(change.connection, change.tenant, reference)
