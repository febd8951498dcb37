"""Scenarios of roles: their names, their users, and what nobody can do to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from meshydb_contract.scenarios._context.context import Context
from meshydb_contract.scenarios._context.responses import ApiResponse
from meshydb_contract.scenarios._context.roles import (
    Role,
    add_permission,
    assign,
    create_role,
    expect_user_search,
    permission_body,
    permissions_of,
    read_role,
    unassign,
    users_body,
)

_SYSTEM_ROLES: Final = ("meshy.admin", "meshy.user", "meshy.anonymous")
_UNKNOWN_ID: Final = "0" * 24


def roles_change_at_the_next_token(context: Context) -> None:
    """A role that is given to a user or taken takes effect at the next login or refresh, and not before."""
    user, role = context.create_user(), create_role(context)
    add_permission(context, role, "users", "read")
    before = context.log_in(user)
    assign(context, role, user)
    expect_user_search(context, before, 403, "A role takes effect before the next token.")
    tokens = context.try_refresh(user.tenant, before).expect(200, "A login cannot be renewed.").json
    expect_user_search(context, tokens, 200, "A role has no effect in a new token.")
    unassign(context, role, user)
    expect_user_search(context, tokens, 200, "Taking a role takes effect before the next token.")
    expect_user_search(context, context.log_in(user), 403, "A role that was taken is in a new token.")


def roles_are_of_one_tenant(context: Context) -> None:
    """In another tenant, a role is like one that does not exist, and its name is free."""
    other, token = context.other_tenant, context.admin_token(context.other_tenant)
    role, stranger = create_role(context), context.create_user(context.other_tenant)
    path = {"roleId": role.id, "permissionId": add_permission(context, role, "users", "read")}
    found = context.call("searchRoles", other, query={"name": role.name}, token=token)
    found.expect(200, "Roles cannot be searched.").expect_members(
        "A search finds another tenant's role.", totalRecords=0
    )
    change, users = permission_body("users", "read"), users_body(stranger.id)
    for operation_id, body in (
        ("getRole", None),
        ("searchPermissions", None),
        ("getPermission", None),
        ("updateRole", {"name": context.free_role_name(other)}),
        ("createPermission", change),
        ("updatePermission", change),
        ("deletePermission", None),
        ("addUsersToRole", users),
        ("removeUsersFromRole", users),
        ("deleteRole", None),
    ):
        unknown = context.call(operation_id, other, body, path=dict.fromkeys(path, _UNKNOWN_ID), token=token)
        response = context.call(operation_id, other, body, path=path, token=token)
        response.expect(unknown.status, "Another tenant's role is not treated like one that does not exist.")
        if _code(response) != _code(unknown):
            response.fail("The code tells another tenant's role from one that does not exist.")
    given = context.call("addUsersToRole", role.tenant, users, path=path, token=context.admin_token(role.tenant))
    given.expect(400, "A role can be given to another tenant's user.")
    body = {**context.registration_body(other), "roles": [{"name": role.name}]}
    created = context.call("createUser", other, body, token=token)
    created.expect(400, "A user can be created with another tenant's role.")
    namesake = context.call("createRole", other, {"name": role.name}, token=token)
    namesake.expect(201, "The name of a role is taken in a tenant that has no such role.")
    read_role(context, role).expect_members("A role is changed in another tenant.", name=role.name, numberOfUsers=0)


def system_roles_are_fixed(context: Context) -> None:
    """System roles cannot be changed or deleted, their names are reserved, and `meshy.anonymous` cannot be given."""
    tenant, token = context.tenant, context.admin_token(context.tenant)
    query = {"name": "meshy.", "pageSize": "200"}
    found = context.call("searchRoles", tenant, query=query, token=token).expect(200, "Roles cannot be searched.")
    present = {role["name"]: role for role in found.json["results"]}
    if missing := sorted({*_SYSTEM_ROLES} - present.keys()):
        found.fail(f"There is no role {', '.join(missing)}.")
    own, user = create_role(context), context.create_user()
    for name in ("meshy.admin", "MESHY.contract"):
        created = context.call("createRole", tenant, {"name": name}, token=token)
        created.expect(400, f"A role can be named {name}.")
        renamed = context.call("updateRole", tenant, {"name": name}, path={"roleId": own.id}, token=token)
        renamed.expect(400, f"A role can be renamed to {name}.")
    # A server that accepts one of these changes nothing: they have the values that are there.
    for name in _SYSTEM_ROLES:
        changed = context.call("updateRole", tenant, _values(present[name]), path=_path(present[name]), token=token)
        changed.expect(400, f"The role {name} can be changed.")
    for permission in permissions_of(context, Role(tenant, "meshy.admin", present["meshy.admin"]["id"])):
        path = {**_path(present["meshy.admin"]), "permissionId": permission["id"]}
        body = {name: value for name, value in permission.items() if name != "id"}
        changed = context.call("updatePermission", tenant, body, path=path, token=token)
        changed.expect(400, "The permissions of meshy.admin can be changed.")
    anonymous = present["meshy.anonymous"]
    given = context.call("addUsersToRole", tenant, users_body(user.id), path=_path(anonymous), token=token)
    given.expect(400, "The role meshy.anonymous can be given to users.")
    # A server that accepts one of these loses the role. Therefore they come last, and are about the role without users.
    body = {**_values(anonymous), "name": context.free_role_name(tenant)}
    renamed = context.call("updateRole", tenant, body, path=_path(anonymous), token=token)
    renamed.expect(400, "The role meshy.anonymous can be renamed.")
    deleted = context.call("deleteRole", tenant, path=_path(anonymous), token=token)
    deleted.expect(400, "The role meshy.anonymous can be deleted.")


def role_names_are_taken_once(context: Context) -> None:
    """The name of a role is taken in any case, except for the role itself."""
    role, other, token = create_role(context), create_role(context), context.admin_token(context.tenant)
    body, tenant = {"name": role.name.upper()}, context.tenant
    context.call("createRole", tenant, body, token=token).expect(400, "The name of a role can be taken twice.")
    renamed = context.call("updateRole", tenant, body, path={"roleId": other.id}, token=token)
    renamed.expect(400, "The name of a role can be taken twice.")
    own = context.call("updateRole", tenant, body, path={"roleId": role.id}, token=token)
    own.expect(200, "A role cannot be renamed to its own name in capitals.")
    read_role(context, role).expect_members("A change is not made.", name=body["name"])
    found = context.call("searchRoles", tenant, query={"name": role.name.capitalize()}, token=token)
    found.expect(200, "Roles cannot be searched.").expect_members(
        "A search for roles is case-sensitive.", totalRecords=1
    )


def deleted_roles_are_gone(context: Context) -> None:
    """A deleted role is taken from its users, and a new role of its name has neither its users nor its permissions."""
    user, role, token = context.create_user(), create_role(context), context.admin_token(context.tenant)
    add_permission(context, role, "users", "read")
    assign(context, role, user)
    tokens, path = context.log_in(user), {"roleId": role.id}
    context.call("deleteRole", role.tenant, path=path, token=token).expect(204, "A role cannot be deleted.")
    for operation_id in ("getRole", "searchPermissions", "deleteRole"):
        again = context.call(operation_id, role.tenant, path=path, token=token)
        again.expect(404, "A deleted role still exists.")
    created = context.call("createRole", role.tenant, {"name": role.name}, token=token)
    created.expect(201, "The name of a deleted role is taken.")
    namesake = Role(role.tenant, role.name, created.json["id"])
    read_role(context, namesake).expect_members("A new role has users.", numberOfUsers=0)
    if permissions_of(context, namesake):
        context.fail("searchPermissions", "A new role has the permissions of a deleted one.")
    read = context.call("getUser", role.tenant, path={"id": user.id}, token=token).expect(200, "A user cannot be read.")
    if role.name in {each["name"] for each in read.json["roles"]}:
        read.fail("A user has a deleted role.")
    refreshed = context.try_refresh(user.tenant, tokens).expect(200, "A login cannot be renewed.").json
    expect_user_search(context, refreshed, 403, "A deleted role is in a new token.")


def users_of_roles_are_counted(context: Context) -> None:
    """`numberOfUsers` counts each user of a role once. A change with an unknown user is rejected as a whole."""
    role, users = create_role(context), [context.create_user() for _ in range(3)]
    path, token = {"roleId": role.id}, context.admin_token(role.tenant)
    _expect_users(context, role, 0)
    assign(context, role, *users[:2], users[0])
    assign(context, role, users[1])
    _expect_users(context, role, 2)
    for operation_id, user in (("addUsersToRole", users[2]), ("removeUsersFromRole", users[0])):
        body = users_body(user.id, _UNKNOWN_ID)
        rejected = context.call(operation_id, role.tenant, body, path=path, token=token)
        rejected.expect(400, "A user who does not exist is accepted.")
    _expect_users(context, role, 2)
    unassign(context, role, users[0], users[2])
    _expect_users(context, role, 1)
    deleted = context.call("deleteUser", role.tenant, path={"id": users[1].id}, token=token)
    deleted.expect(204, "A user cannot be deleted.")
    _expect_users(context, role, 0)


def _expect_users(context: Context, role: Role, count: int) -> None:
    """Fail unless a role has as many users, wherever it or they are shown."""
    token = context.admin_token(role.tenant)
    read_role(context, role).expect_members("Users are not counted.", numberOfUsers=count)
    found = context.call("searchRoles", role.tenant, query={"name": role.name}, token=token)
    for listed in found.expect(200, "Roles cannot be searched.").json["results"]:
        if listed["numberOfUsers"] != count:
            found.fail(f"Users are not counted. `numberOfUsers` is {listed['numberOfUsers']}, not {count}.")
    query = {"roleId": role.id, "activeOnly": "false"}
    holders = context.call("searchUsers", role.tenant, query=query, token=token)
    holders.expect(200, "Users cannot be searched.").expect_members(
        "A search for the users of a role misses some, or finds others.", totalRecords=count
    )


def _code(error: ApiResponse) -> Any:
    return error.json.get("code") if error.json else None


def _path(role: Mapping[str, Any]) -> Mapping[str, str]:
    return {"roleId": role["id"]}


def _values(role: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"name": role["name"], "description": role["description"]}
