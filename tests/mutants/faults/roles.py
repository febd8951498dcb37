"""Faults in roles: their names, their users, and what nobody can do to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from meshydb_server.services.logins import service as tokens
from meshydb_server.services.roles import changes, grants_of, members, permissions, roles
from meshydb_server.storage import schema
from meshydb_server.storage.roles import Role, delete_role, insert_memberships, insert_role
from meshydb_server.storage.users import User, lock_users
from tests.mutants.table import ServerSetup, Table

TABLE: Final = Table()


@TABLE.servers("searchUsers", "roles_change_at_the_next_token")
def roles_of_the_first_login(setup: ServerSetup) -> None:
    """All tokens of a user have the roles of the first one."""
    granted = dict[str, Any]()

    def remember(connection: Connection, user: User) -> Any:
        return granted.setdefault(user.user_id, grants_of(connection, user))

    setup.patch.setattr(tokens, "grants_of", remember)


@TABLE.parts(changes, "get_role", "getRole", "roles_are_of_one_tenant")
def role_of_another_tenant_readable(
    _: Callable[..., Any], connection: Connection, account: str, __: str, role_id: str
) -> Role | None:
    """A role of any tenant can be read by id."""
    query = select(schema.roles).where(schema.roles.c.account == account, schema.roles.c.role_id == role_id)
    row = connection.execute(query).mappings().first()
    return None if row is None else Role(**row)


@TABLE.parts(roles, "count_roles", "searchRoles", "roles_are_of_one_tenant")
def role_count_leaks_other_tenants(
    _: Callable[..., Any], connection: Connection, account: str, __: str, name_key: str = ""
) -> int:
    """The total of a search counts the roles of all tenants."""
    has_part = schema.roles.c.name_key.contains(name_key)
    query = select(func.count()).select_from(schema.roles).where(schema.roles.c.account == account, has_part)
    return connection.execute(query).scalar_one()


@TABLE.parts(roles, "find_roles", "createRole", "roles_are_of_one_tenant")
def role_name_taken_in_all_tenants(
    _: Callable[..., Any], connection: Connection, account: str, __: str, keys: Iterable[str]
) -> Mapping[str, Role]:
    """The name of a role is taken in the other tenants too."""
    query = select(schema.roles).where(schema.roles.c.account == account, schema.roles.c.name_key.in_([*keys]))
    return {row["name_key"]: Role(**row) for row in connection.execute(query).mappings()}


@TABLE.parts(roles, "is_system_role", "updateRole", "system_roles_are_fixed")
def system_role_renamable(*_: object) -> bool:
    """A system role can be renamed."""
    return False


@TABLE.parts(roles.RoleManagement, "delete", "deleteRole", "system_roles_are_fixed")
async def system_role_deletable(original: Callable[..., Any], *given: Any) -> Any:
    """A system role can be deleted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(roles, "is_system_role", lambda _: False)
        return await original(*given)


@TABLE.parts(permissions, "_require_editable", "updatePermission", "system_roles_are_fixed")
def permissions_of_administrators_editable(*_: object) -> None:
    """The permissions of meshy.admin can be changed."""


@TABLE.parts(members, "require_assignable", "addUsersToRole", "system_roles_are_fixed")
def role_of_anonymous_users_assignable(*_: object) -> None:
    """The role meshy.anonymous can be given to users."""


@TABLE.parts(roles, "role_key", "createRole", "role_names_are_taken_once")
def role_names_have_a_case(_: Callable[..., str], name: str) -> str:
    """Names of roles are case-sensitive."""
    return name


@TABLE.parts(roles, "delete_role", "getRole", "deleted_roles_are_gone")
def deleted_role_still_readable(*_: object) -> None:
    """Deleting a role has no effect."""


@TABLE.servers("getRole", "deleted_roles_are_gone")
def users_of_deleted_role_kept(setup: ServerSetup) -> None:
    """A new role has the users of a deleted one of the same name."""
    kept = dict[str, list[str]]()

    def delete(connection: Connection, role: Role) -> None:
        held = schema.user_roles
        kept[role.name_key] = [*connection.scalars(select(held.c.user_id).where(held.c.role_id == role.role_id))]
        delete_role(connection, role)

    def insert(connection: Connection, role: Role) -> None:
        insert_role(connection, role)
        insert_memberships(connection, role, kept.pop(role.name_key, []), role.created_at)

    setup.patch.setattr(roles, "delete_role", delete)
    setup.patch.setattr(roles, "insert_role", insert)


@TABLE.parts(roles, "count_members", "getRole", "users_of_roles_are_counted")
def number_of_users_constant(*_: object) -> Mapping[str, int]:
    """`numberOfUsers` is always 0."""
    return {}


@TABLE.parts(members, "_require_both", "addUsersToRole", "users_of_roles_are_counted")
def unknown_users_ignored(
    original: Callable[..., Any], change: changes.Change, found: Role | None, reference: Any, user_ids: Iterable[str]
) -> Any:
    """Unknown users are left out, where all should be rejected."""
    known = lock_users(change.connection, change.tenant.account, change.tenant.name, {*user_ids})
    return original(change, found, reference, [user.user_id for user in known])
