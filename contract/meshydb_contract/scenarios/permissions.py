"""Scenarios of permissions: what a user may do, and to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from meshydb_contract._contract.operations import operation, permissions
from meshydb_contract.scenarios._context.context import Context
from meshydb_contract.scenarios._context.responses import SkippedError
from meshydb_contract.scenarios._context.roles import (
    add_permission,
    assign,
    create_role,
    create_user_without_roles,
    expect_user_search,
    permission_body,
    permissions_of,
    try_permission,
    users_body,
)

_ADMINISTRATOR: Final = {"name": "meshy.admin"}
_UNKNOWN_ID: Final = "0" * 24


def permissions_are_needed(context: Context) -> None:
    """A user without permissions cannot call any operation that needs one."""
    user = create_user_without_roles(context)
    token = context.log_in(user)["access_token"]
    names = {"mesh": context.free_mesh_name(), "projectionName": "none"}
    path = {"id": user.id, "roleId": _UNKNOWN_ID, "permissionId": _UNKNOWN_ID, **names}
    bodies: Mapping[str, Any] = {
        "createRole": {"name": "contract"},
        "updateRole": {"name": "contract"},
        "createPermission": permission_body("users", "read"),
        "updatePermission": permission_body("users", "read"),
        "addUsersToRole": users_body(user.id),
        "removeUsersFromRole": users_body(user.id),
        "createMeshData": {},
        "updateMeshData": {},
        "updateManyMeshData": {"filter": {}, "update": {"$set": {"n": 1}}},
    }
    for operation_id, alternatives in permissions().items():
        has_body = operation(operation_id).body
        body = bodies.get(operation_id, context.registration_body(user.tenant)) if has_body else None
        query = {"filter": "{}"} if operation_id == "deleteManyMeshData" else None
        response = context.call(operation_id, user.tenant, body, path=path, query=query, token=token)
        response.expect(403, f"{' or '.join(alternatives)} is not needed.")


def nobody_acts_on_who_may_do_more(context: Context) -> None:
    """A user who may only manage users can neither change nor create a user with more permissions."""
    token = context.helper_token(context.tenant)
    chief, user = context.create_user(roles=[_ADMINISTRATOR]), context.create_user()
    body = {
        name: context.registration_body(context.tenant, chief.username)[name]
        for name in ("emailAddress", "phoneNumber")
    }
    plain = context.call("updateUser", context.tenant, {**body, "firstName": "Ada"}, path={"id": user.id}, token=token)
    plain.expect(200, "A user who may do no more than the caller cannot be changed.")
    for change in (
        {"emailAddress": "thief@example.net"},
        {"firstName": "Ada"},
        {"isActive": False},
        {"verified": False},
    ):
        changed = context.call("updateUser", context.tenant, {**body, **change}, path={"id": chief.id}, token=token)
        changed.expect(403, f"A user who may do more than the caller can be changed: {', '.join(change)}.")
    deleted = context.call("deleteUser", context.tenant, path={"id": chief.id}, token=token)
    deleted.expect(403, "A user who may do more than the caller can be deleted.")
    questions = {"securityQuestions": context.registration_body(context.tenant, chief.username)["securityQuestions"]}
    asked = context.call("updateUserSecurityQuestions", context.tenant, questions, path={"id": chief.id}, token=token)
    if asked.status == HTTPStatus.NO_CONTENT:
        asked.fail("Questions of a user who may do more than the caller can be set.")
    another = {**context.registration_body(context.tenant), "roles": [_ADMINISTRATOR]}
    made = context.call("createUser", context.tenant, another, token=token)
    made.expect(403, "A role that permits more than the caller may do can be given.")
    context.log_in(chief)


def permissions_change_at_the_next_token(context: Context) -> None:
    """A permission that is added to a role or deleted takes effect at the next login or refresh, and not before."""
    user, role = context.create_user(), create_role(context)
    assign(context, role, user)
    before = context.log_in(user)
    permission_id = add_permission(context, role, "users", "read")
    expect_user_search(context, before, 403, "A permission takes effect before the next token.")
    tokens = context.try_refresh(user.tenant, before).expect(200, "A login cannot be renewed.").json
    for granted in (tokens, context.log_in(user)):
        expect_user_search(context, granted, 200, "A permission has no effect in a new token.")
    path, token = {"roleId": role.id, "permissionId": permission_id}, context.admin_token(role.tenant)
    deleted = context.call("deletePermission", role.tenant, path=path, token=token)
    deleted.expect(204, "A permission cannot be deleted.")
    expect_user_search(context, tokens, 200, "The deletion of a permission takes effect before the next token.")
    refreshed = context.try_refresh(user.tenant, before).expect(200, "A login cannot be renewed.").json
    for revoked in (refreshed, context.log_in(user)):
        expect_user_search(context, revoked, 403, "A deleted permission is in a new token.")


def permissions_do_not_overlap(context: Context) -> None:
    """A role has permissions for all meshes or for single ones, never for both, and one for each permissible."""
    token = context.admin_token(context.tenant)
    for first, second in (("meshes", "meshes.task"), ("meshes.task", "meshes")):
        role = create_role(context)
        add_permission(context, role, first, "read")
        added = try_permission(context, role, second, "read", token=token)
        added.expect(400, f"A permission for {second} can be added to one for {first}.")
        path = {"roleId": role.id, "permissionId": add_permission(context, role, "users", "read")}
        changed = context.call("updatePermission", role.tenant, permission_body(second, "read"), path=path, token=token)
        changed.expect(400, f"A permission can be changed to {second} beside one for {first}.")
        again = try_permission(context, role, first.upper(), "read", token=token)
        again.expect(400, f"A role can have two permissions for {first}.")
        names = [each["permissibleName"] for each in permissions_of(context, role)]
        if sorted(names) != sorted([first, "users"]):
            context.fail("searchPermissions", f"After rejected changes, a role has permissions for {names}.")


def permissions_are_replaced(context: Context) -> None:
    """An update replaces all values of a permission, and is rejected if nothing or something unknown is permitted."""
    role, token = create_role(context), context.admin_token(context.tenant)
    path = {"roleId": role.id, "permissionId": add_permission(context, role, "users", "create", "read")}
    for body in (
        permission_body("users"),
        permission_body("nothing", "read"),
        permission_body("projections", "read", "delete"),
    ):
        for operation_id in ("createPermission", "updatePermission"):
            rejected = context.call(operation_id, role.tenant, body, path=path, token=token)
            rejected.expect(400, f"This permission is accepted: {body}.")
    written = {"PermissibleName": "USERS", "CREATE": "FALSE", "Update": "True", "read": None}
    changed = context.call("updatePermission", role.tenant, written, path=path, token=token)
    changed.expect(200, "A permission cannot be changed.")
    read = context.call("getPermission", role.tenant, path=path, token=token).expect(
        200, "A permission cannot be read."
    )
    values = {"permissibleName": "users", "create": False, "update": True, "read": False, "delete": False}
    for response in (changed, read):
        response.expect_members("A change is not made.", **values)


def nobody_grants_more_than_they_hold(context: Context) -> None:
    """A user who may manage roles, but no users, cannot assign or change what permits to manage users."""
    tenant, manager, user = context.tenant, context.create_user(), context.create_user()
    managing, weak, strong = create_role(context), create_role(context), create_role(context)
    add_permission(context, managing, "roles", "create", "read", "update", "delete")
    of_weak = {"roleId": weak.id, "permissionId": add_permission(context, weak, "roles", "read")}
    of_strong = {"roleId": strong.id, "permissionId": add_permission(context, strong, "users", "delete")}
    assign(context, managing, manager)
    token, more = context.log_in(manager)["access_token"], permission_body("users", "read")
    tries: Sequence[tuple[str, Mapping[str, str], Any, str]] = (
        ("createPermission", of_weak, more, "A permission that the caller does not hold can be added"),
        ("updatePermission", of_weak, more, "A permission can be changed to one that the caller does not hold"),
        (
            "addUsersToRole",
            of_strong,
            users_body(user.id),
            "A role that permits more than the caller may do can be given",
        ),
        ("createPermission", of_strong, permission_body("roles", "read"), "Permissions can be added to such a role"),
        ("updateRole", of_strong, {"name": context.free_role_name(tenant)}, "Such a role can be changed"),
        ("deletePermission", of_strong, None, "A permission of such a role can be deleted"),
        ("deleteRole", of_strong, None, "Such a role can be deleted"),
    )
    responses = [context.call(name, tenant, body, path=path, token=token) for name, path, body, _ in tries]
    if HTTPStatus.FORBIDDEN not in {response.status for response in responses}:
        # The contract lets the operator of a server allow it.
        raise SkippedError("needs a server on which nobody grants more than they hold")
    for response, (*_, otherwise) in zip(responses, tries, strict=True):
        response.expect(403, f"{otherwise}.")
    held = context.call("updatePermission", tenant, permission_body("roles", "update"), path=of_weak, token=token)
    held.expect(200, "A permission cannot be changed to one that the caller holds.")
