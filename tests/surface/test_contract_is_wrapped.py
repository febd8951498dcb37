"""The client offers all that the contract does."""

from __future__ import annotations

import inspect
from typing import Any, Final

import pytest

import meshydb
from meshydb import APIStatusError
from meshydb._exceptions import class_for_status
from tests.support.contract import METHODS, operations, read

WRAPPED: Final = {
    "requestToken": ("MeshyClient.login", "MeshyClient.login_anonymously", "MeshyClient.login_with_refresh"),
    "revokeToken": ("MeshyConnection.signout",),
    "checkUserExist": ("MeshyClient.check_user_exist",),
    "registerAnonymousUser": ("MeshyClient.register_anonymous_user",),
    "registerUser": ("MeshyClient.register_user",),
    "forgotPassword": ("MeshyClient.forgot_password",),
    "checkHash": ("MeshyClient.check_hash",),
    "resetPassword": ("MeshyClient.reset_password",),
    "verifyUser": ("MeshyClient.verify_user",),
    "getSelf": ("UsersService.get_self",),
    "updateSelf": ("UsersService.update_self",),
    "updateSecurityQuestions": ("UsersService.update_security_questions",),
    "updatePassword": ("MeshyConnection.update_password",),
    "searchUsers": ("UserSearch.page",),
    "createUser": ("UsersService.create",),
    "getUser": ("UsersService.get",),
    "updateUser": ("UsersService.update",),
    "deleteUser": ("UsersService.delete",),
    "updateUserSecurityQuestions": ("UsersService.update_user_security_questions",),
    "searchRoles": ("RoleSearch.page",),
    "createRole": ("RolesService.create",),
    "getRole": ("RolesService.get",),
    "updateRole": ("RolesService.update",),
    "deleteRole": ("RolesService.delete",),
    "searchPermissions": ("PermissionSearch.page",),
    "createPermission": ("PermissionsService.create",),
    "getPermission": ("PermissionsService.get",),
    "updatePermission": ("PermissionsService.update",),
    "deletePermission": ("PermissionsService.delete",),
    "addUsersToRole": ("RolesService.add_users",),
    "removeUsersFromRole": ("RolesService.remove_users",),
    "searchPermissibles": ("PermissibleSearch.page",),
    "searchMeshData": ("MeshSearch.page",),
    "createMeshData": (
        "MeshesService.create",
        "MeshesService.create_many",
        "TypedMesh.create",
        "TypedMesh.create_many",
    ),
    "updateManyMeshData": ("MeshesService.update_many", "TypedMesh.update_many"),
    "deleteManyMeshData": ("MeshesService.delete_many", "TypedMesh.delete_many"),
    "getMeshData": ("MeshesService.get", "TypedMesh.get"),
    "updateMeshData": ("MeshesService.update", "TypedMesh.update"),
    "deleteMeshData": ("MeshesService.delete", "TypedMesh.delete"),
    "searchProjection": ("ProjectionSearch.page",),
}
NOT_WRAPPED: Final = {
    "getHealth": "for whoever operates a server",
    "headHealth": "likewise",
    "getOpenApiDocument": "for tools that read it where a server serves it",
    "getReference": "for people with a browser",
    "getRoot": "likewise",
    "getOpenIdConfiguration": "for libraries of OpenID Connect, which read it at its well-known place",
    "getJsonWebKeySet": "for services that verify access tokens; a client only carries them",
}
DOCUMENT: Final = read()
OPERATIONS: Final = {each["operationId"]: each for each in operations(DOCUMENT)}
ENDPOINTS: Final = {
    item[method]["operationId"]: f"{method.upper()} {path}"
    for path, item in DOCUMENT["paths"].items()
    for method in METHODS
    if method in item
}
STATUSES: Final = sorted(
    {int(status.replace("XX", "99")) for name in WRAPPED for status in OPERATIONS[name]["responses"]}
)


def test_each_operation_is_wrapped() -> None:
    """An operation has a method, or a reason why it has none."""
    assert set(OPERATIONS) == WRAPPED.keys() | NOT_WRAPPED.keys()


@pytest.mark.parametrize("form", ["", "Async"], ids=["blocking", "awaited"])
@pytest.mark.parametrize("operation_id", WRAPPED)
def test_each_wrapper_names_its_operation(form: str, operation_id: str) -> None:
    """The methods of an operation exist in both forms, and their docstrings name the endpoint."""
    for wrapper in WRAPPED[operation_id]:
        kind, _, name = wrapper.partition(".")
        method: Any = getattr(getattr(meshydb, form + kind), name)
        assert f"From `{ENDPOINTS[operation_id]}`" in method.__doc__


def test_each_method_wraps_an_operation() -> None:
    """Each awaitable method wraps an operation, apart from `close`."""
    kinds = [value for name, value in vars(meshydb).items() if name.startswith("Async")]
    awaited = {
        f"{kind.__name__.removeprefix('Async')}.{name}"
        for kind in kinds
        for name, _ in inspect.getmembers(kind, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }
    assert awaited - {"MeshyClient.close"} == {wrapper for wrappers in WRAPPED.values() for wrapper in wrappers}


@pytest.mark.parametrize("status", [status for status in STATUSES if status >= 300])
def test_each_documented_error_has_a_class(status: int) -> None:
    """Each documented error status has its own exception class."""
    assert class_for_status(status) is not APIStatusError
