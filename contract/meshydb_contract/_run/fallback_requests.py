"""One valid request for each operation, sent if no random request of the operation succeeded.

Walks along links begin with these requests too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from meshydb_contract._results.verdict import SUCCESS
from meshydb_contract.scenarios import Scenario
from meshydb_contract.scenarios._context.context import ANSWER, NEW_PASSWORD, PASSWORD, QUESTION, Context
from meshydb_contract.scenarios._context.meshes import own_mesh
from meshydb_contract.scenarios._context.responses import ApiResponse, SkippedError
from meshydb_contract.scenarios._context.roles import add_permission, create_role, permission_body, users_body
from meshydb_contract.scenarios.wire import UNKNOWN_REQUEST

_NO_REGISTRATION: Final = "needs a tenant in which users may register"
_NO_QUESTIONS: Final = "needs a tenant that asks security questions"
NO_VERIFICATION: Final = "needs a tenant that verifies those who register"
_NO_USERNAME: Final = "needs a username, or an administrator's access token"


def fallback_request(operation_id: str, username: str | None) -> Scenario:
    """Return a scenario that sends one valid request. `username` names a user of the tenant, if known."""

    def succeed(context: Context) -> None:
        make = REQUESTS[operation_id] if operation_id in REQUESTS else _plain(operation_id)
        response = make(context, username)
        if response.status not in SUCCESS:
            raise SkippedError(rejection(response))

    return succeed


def rejection(response: ApiResponse) -> str:
    """Return what an error means in response to a valid request."""
    return f"was rejected with {response.status}, although the request is valid: {response.json}"


_Request = Callable[[Context, str | None], ApiResponse]


def _plain(operation_id: str, body: Any = None, **path: str) -> _Request:
    return lambda context, _: context.call(operation_id, context.tenant, body, path=path)


def _about_user(operation_id: str) -> _Request:
    """Return a request by an administrator about a new user."""

    def make(context: Context, _: str | None) -> ApiResponse:
        token, user = context.admin_token(context.tenant), context.create_user()
        body = valid_body(operation_id, context)
        return context.call(operation_id, context.tenant, body, path={"id": user.id}, token=token)

    return make


def _about_self(operation_id: str) -> _Request:
    """Return a request by a new user about their own account."""

    def make(context: Context, _: str | None) -> ApiResponse:
        context.admin_token(context.tenant)
        context.public_key(context.tenant)
        token = context.log_in(context.create_user())["access_token"]
        return context.call(operation_id, context.tenant, valid_body(operation_id, context), token=token)

    return make


def _profile(context: Context) -> dict[str, Any]:
    registration = context.registration_body(context.tenant)
    return {name: registration[name] for name in ("emailAddress", "phoneNumber")}


def _password(_: Context) -> dict[str, Any]:
    return {"previousPassword": PASSWORD, "newPassword": NEW_PASSWORD}


def _questions(context: Context) -> dict[str, Any]:
    username = context.create_user().username
    asked = context.call("forgotPassword", context.tenant, {"username": username, "attempt": 1})
    if asked.expect(200, "A user cannot ask for a password reset.").json["hint"] != QUESTION:
        raise SkippedError(_NO_QUESTIONS)
    return {"securityQuestions": [{"question": QUESTION, "answer": ANSWER}]}


def _register(context: Context) -> tuple[str, ApiResponse]:
    """Register a user. Returns the username and the response, whose JSON is None if no verification is needed."""
    body = context.registration_body(context.tenant)
    response = context.register(body)
    if response.status not in SUCCESS:
        raise SkippedError(_NO_REGISTRATION)
    return body["username"], response


def _register_user(context: Context, _: str | None) -> ApiResponse:
    return _register(context)[1]


def _register_anonymously(context: Context, _: str | None) -> ApiResponse:
    response = context.call(
        "registerAnonymousUser", context.tenant, {"username": context.free_username(context.tenant)}
    )
    if response.status not in SUCCESS:
        raise SkippedError(_NO_REGISTRATION)
    return response


def _verify(context: Context, _: str | None) -> ApiResponse:
    context.require_codes()
    _, registered = _register(context)
    if registered.json is None:
        raise SkippedError(NO_VERIFICATION)
    return context.call("verifyUser", context.tenant, context.with_code(context.tenant, registered.json))


def _resettable_username(context: Context, *, username: str | None = None) -> str:
    """Return the name of a user whose password may be reset."""
    if context.tenant.token is not None:
        return context.create_user().username
    if username is not None:
        return username
    try:
        name, registered = _register(context)
    except SkippedError:
        raise SkippedError(_NO_USERNAME) from None
    if registered.json is not None and context.deployment.newest_code is not None:
        context.call("verifyUser", context.tenant, context.with_code(context.tenant, registered.json))
    return name


def _forgot_password(context: Context, username: str | None) -> ApiResponse:
    body = {"username": _resettable_username(context, username=username), "attempt": 1}
    response = context.call("forgotPassword", context.tenant, body)
    if response.status in SUCCESS or username is None:
        return response
    # The limit of this user may be used up.
    return context.call("forgotPassword", context.tenant, {**body, "username": _resettable_username(context)})


def _reset_password(context: Context, _: str | None) -> ApiResponse:
    context.require_codes()
    asked = context.call("forgotPassword", context.tenant, {"username": _resettable_username(context), "attempt": 1})
    request = context.with_code(context.tenant, asked.expect(200, "A user cannot ask for a password reset.").json)
    return context.try_reset(context.tenant, request)


def _log_in(context: Context, _: str | None) -> ApiResponse:
    context.public_key(context.tenant)
    if context.tenant.token is None:
        context.require_codes()
    return context.try_log_in(context.tenant, _resettable_username(context), PASSWORD)


def _revoke(context: Context, _: str | None) -> ApiResponse:
    return context.call(
        "revokeToken", context.tenant, {"client_id": context.public_key(context.tenant), "token": "none"}
    )


def _create(context: Context, _: str | None) -> ApiResponse:
    token = context.admin_token(context.tenant)
    return context.call("createUser", context.tenant, context.registration_body(context.tenant), token=token)


def _by_admin(operation_id: str) -> _Request:
    return lambda context, _: context.call(operation_id, context.tenant, token=context.admin_token(context.tenant))


def _create_role(context: Context, _: str | None) -> ApiResponse:
    token = context.admin_token(context.tenant)
    return context.call("createRole", context.tenant, valid_body("createRole", context), token=token)


def _about_role(operation_id: str) -> _Request:
    """Return a request by an administrator about a new role, or about the permission that it has."""

    def make(context: Context, _: str | None) -> ApiResponse:
        token, role = context.admin_token(context.tenant), create_role(context)
        path = {"roleId": role.id, "permissionId": add_permission(context, role, "users", "read")}
        body = valid_body(operation_id, context)
        return context.call(operation_id, context.tenant, body, path=path, token=token)

    return make


def _role(context: Context) -> dict[str, Any]:
    return {"name": context.free_role_name(context.tenant)}


def _permission(_: Context) -> dict[str, Any]:
    return permission_body("projections", "read")


def _one_user(context: Context) -> dict[str, Any]:
    return users_body(context.create_user().id)


def _document(_: Context) -> dict[str, Any]:
    return {"title": "Buy paper"}


def _update(_: Context) -> dict[str, Any]:
    return {"filter": "{}", "update": "{ $set: { done: true } }"}


_BODIES: Final[Mapping[str, Callable[[Context], Any]]] = {
    "updateSelf": _profile,
    "updateSecurityQuestions": _questions,
    "updatePassword": _password,
    "updateUser": _profile,
    "updateUserSecurityQuestions": _questions,
    "createRole": _role,
    "updateRole": _role,
    "createPermission": _permission,
    "updatePermission": _permission,
    "addUsersToRole": _one_user,
    "removeUsersFromRole": _one_user,
    "createMeshData": _document,
    "updateMeshData": _document,
    "updateManyMeshData": _update,
}


def valid_body(operation_id: str, context: Context) -> Any:
    """Return a body for an operation about what the context created, or None if it has none."""
    return _BODIES[operation_id](context) if operation_id in _BODIES else None


def _about_mesh(operation_id: str, **query: str) -> _Request:
    """Return a request by an administrator about a new mesh, or about its only document."""

    def make(context: Context, _: str | None) -> ApiResponse:
        mesh = own_mesh(context)
        document = mesh.create({"title": "Buy glue"})["_id"]
        return mesh.call(operation_id, valid_body(operation_id, context), document=document, query=query)

    return make


def _search_projection(context: Context, _: str | None) -> ApiResponse:
    path, token = {"projectionName": context.projection()}, context.admin_token(context.tenant)
    return context.call("searchProjection", context.tenant, path=path, token=token)


REQUESTS: Final[Mapping[str, _Request]] = {
    "requestToken": _log_in,
    "revokeToken": _revoke,
    "checkUserExist": _plain("checkUserExist", username="nobody"),
    "registerUser": _register_user,
    "registerAnonymousUser": _register_anonymously,
    "forgotPassword": _forgot_password,
    "checkHash": _plain("checkHash", UNKNOWN_REQUEST),
    "resetPassword": _reset_password,
    "verifyUser": _verify,
    "getSelf": _by_admin("getSelf"),
    "updateSelf": _about_self("updateSelf"),
    "updateSecurityQuestions": _about_self("updateSecurityQuestions"),
    "updatePassword": _about_self("updatePassword"),
    "searchUsers": _by_admin("searchUsers"),
    "createUser": _create,
    "getUser": _about_user("getUser"),
    "updateUser": _about_user("updateUser"),
    "deleteUser": _about_user("deleteUser"),
    "updateUserSecurityQuestions": _about_user("updateUserSecurityQuestions"),
    "searchRoles": _by_admin("searchRoles"),
    "createRole": _create_role,
    "getRole": _about_role("getRole"),
    "updateRole": _about_role("updateRole"),
    "deleteRole": _about_role("deleteRole"),
    "searchPermissions": _about_role("searchPermissions"),
    "createPermission": _about_role("createPermission"),
    "getPermission": _about_role("getPermission"),
    "updatePermission": _about_role("updatePermission"),
    "deletePermission": _about_role("deletePermission"),
    "addUsersToRole": _about_role("addUsersToRole"),
    "removeUsersFromRole": _about_role("removeUsersFromRole"),
    "searchPermissibles": _by_admin("searchPermissibles"),
    "searchMeshData": _about_mesh("searchMeshData"),
    "createMeshData": _about_mesh("createMeshData"),
    "updateManyMeshData": _about_mesh("updateManyMeshData"),
    "deleteManyMeshData": _about_mesh("deleteManyMeshData", filter="{}"),
    "getMeshData": _about_mesh("getMeshData"),
    "updateMeshData": _about_mesh("updateMeshData"),
    "deleteMeshData": _about_mesh("deleteMeshData"),
    "searchProjection": _search_projection,
}
