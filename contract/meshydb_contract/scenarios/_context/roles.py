"""Roles that scenarios create, with their permissions and users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from meshydb_contract._deployment.deployment import Tenant
from meshydb_contract.scenarios._context.context import Context, User
from meshydb_contract.scenarios._context.responses import ApiResponse


@frozen
class Role:
    """A role that the scenario created."""

    tenant: Tenant
    name: str
    id: str


def create_role(context: Context) -> Role:
    """Create a role without permissions."""
    tenant = context.tenant
    token = context.admin_token(tenant)
    created = context.call("createRole", tenant, {"name": context.free_role_name(tenant)}, token=token)
    created.expect(201, "A role cannot be created.")
    return Role(tenant, created.json["name"], created.json["id"])


def add_permission(context: Context, role: Role, permissible: str, *operations: str) -> str:
    """Add a permission to a role. Returns its id."""
    created = try_permission(context, role, permissible, *operations, token=context.admin_token(role.tenant))
    permission_id: str = created.expect(201, "A permission cannot be added.").json["id"]
    return permission_id


def try_permission(context: Context, role: Role, permissible: str, *operations: str, token: str) -> ApiResponse:
    """Add a permission to a role."""
    body = permission_body(permissible, *operations)
    return context.call("createPermission", role.tenant, body, path={"roleId": role.id}, token=token)


def read_role(context: Context, role: Role) -> ApiResponse:
    """Read a role, which must exist."""
    token = context.admin_token(role.tenant)
    read = context.call("getRole", role.tenant, path={"roleId": role.id}, token=token)
    return read.expect(200, "A role cannot be read.")


def permissions_of(context: Context, role: Role) -> Sequence[Mapping[str, Any]]:
    """Return the permissions of a role."""
    token = context.admin_token(role.tenant)
    found = context.call("searchPermissions", role.tenant, path={"roleId": role.id}, token=token)
    results: Sequence[Mapping[str, Any]] = found.expect(200, "Permissions cannot be searched.").json["results"]
    return results


def assign(context: Context, role: Role, *users: User) -> None:
    """Assign a role to users."""
    _change_users(context, "addUsersToRole", role, users, "A role cannot be given to users.")


def unassign(context: Context, role: Role, *users: User) -> None:
    """Remove a role from users."""
    _change_users(context, "removeUsersFromRole", role, users, "A role cannot be taken from users.")


def create_user_without_roles(context: Context) -> User:
    """Create a user, and remove the roles that the server gives to all users."""
    user = context.create_user()
    tenant, token = user.tenant, context.admin_token(user.tenant)
    read = context.call("getUser", tenant, path={"id": user.id}, token=token).expect(200, "A user cannot be read.")
    for given in read.json["roles"]:
        found = context.call("searchRoles", tenant, query={"name": given["name"]}, token=token)
        for role in found.expect(200, "Roles cannot be searched.").json["results"]:
            if role["name"] == given["name"]:
                unassign(context, Role(tenant, role["name"], role["id"]), user)
    return user


def expect_user_search(context: Context, tokens: Mapping[str, Any], status: int, otherwise: str) -> None:
    """Fail unless a search for users, which needs the permission `users.read`, returns this status."""
    response = context.call("searchUsers", context.tenant, query={"pageSize": "1"}, token=tokens["access_token"])
    response.expect(status, otherwise)


def permission_body(permissible: str, *operations: str) -> dict[str, Any]:
    """Return the body of a permission."""
    return {"permissibleName": permissible, **dict.fromkeys(operations, True)}


def users_body(*ids: str) -> dict[str, Any]:
    """Return a body that names users."""
    return {"users": [{"id": each} for each in ids]}


def _change_users(context: Context, operation_id: str, role: Role, users: Iterable[User], otherwise: str) -> None:
    body, token = users_body(*(user.id for user in users)), context.admin_token(role.tenant)
    changed = context.call(operation_id, role.tenant, body, path={"roleId": role.id}, token=token)
    changed.expect(204, otherwise)
