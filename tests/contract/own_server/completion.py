"""Completes valid cases with the server's data, so that they succeed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import schemathesis
from attrs import frozen

from meshydb_server.services.common.errors import InvalidRequestError
from meshydb_server.services.common.usernames import require_new_username
from tests.support.server import ACCOUNT, DEFAULT_TENANT
from tests.support.world import (
    ADMIN,
    ANSWER,
    DELETABLE,
    KEPT,
    PASSWORD,
    PROJECTION,
    QUESTION,
    QUESTION_TENANT,
    TENANTS,
    USER,
    World,
    begin_reset,
    letters,
    public_key,
    user_id,
)

Case = schemathesis.Case[Any]
Body = dict[str, Any]

_EMAIL: Final = "user@example.org"
_QUESTIONS: Final = [{"question": QUESTION, "answer": ANSWER}]
# These need a role, or a permission, that no other case has changed.
_NEED_A_NEW_ROLE: Final = {"deleteRole", "createPermission", "deletePermission"}
# They reject unknown users before unknown roles, so only these known users show what an unknown role returns.
_NAME_USERS: Final = {"addUsersToRole", "removeUsersFromRole"}
_UNKNOWN_EACH: Final = 4
# Random documents have random names, of which some are reserved.
_DOCUMENTS: Final = {"updateMeshData", "updateManyMeshData"}


def tenant_of(case: Case) -> str | None:
    """Return the tenant of a case, or None if there is no such tenant."""
    tenant = case.headers.get("tenant", DEFAULT_TENANT)
    return tenant if case.path_parameters.get("accountName") == ACCOUNT and tenant in TENANTS else None


@frozen
class _Role:
    """A role with one permission."""

    id: str
    permission_id: str


class Completion:
    """Completes cases for a world. The same cases in the same order get the same values."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers = itertools.count(1)
        self._tenants = itertools.cycle(TENANTS)
        self._roles: dict[str, _Role] = {}

    def __call__(self, case: Case) -> None:
        """Change a valid case into one that can succeed."""
        operation_id, number = case.operation.definition.raw["operationId"], next(self._numbers)
        if operation_id == "searchProjection":
            case.path_parameters["projectionName"] = PROJECTION
            fit_query(case)
        if operation_id.endswith("SecurityQuestions"):
            # The only tenant that asks questions.
            case.headers["tenant"] = QUESTION_TENANT
        elif "tenant" in case.headers:
            # Otherwise, nearly all cases have the tenant of the example.
            case.headers["tenant"] = next(self._tenants)
        if "mesh" in case.path_parameters:
            self._name_document(case, number)
        elif "id" in case.path_parameters:
            kind, count = ("de", DELETABLE) if operation_id == "deleteUser" else ("ee", KEPT)
            case.path_parameters["id"] = user_id(kind, 1 + number % count)
        tenant = tenant_of(case)
        if tenant is not None:
            if "roleId" in case.path_parameters and not (operation_id in _NAME_USERS and number % _UNKNOWN_EACH == 0):
                self._name_role(case, tenant, number)
            fit_body(case, tenant, self._world, number)

    def _name_document(self, case: Case, number: int) -> None:
        """Let a case name a document that exists, and have a query that can be read."""
        operation_id, tenant = case.operation.definition.raw["operationId"], tenant_of(case)
        if "id" in case.path_parameters and tenant is not None:
            mesh = case.path_parameters["mesh"]
            created = self._world.post(tenant, f"meshes/{mesh}", {"number": number}, as_admin=True)
            case.path_parameters["id"] = created["_id"]
        fit_query(case)
        if operation_id == "deleteManyMeshData":
            case.query = {**case.query, "filter": f"{{ number: {number} }}"}

    def _name_role(self, case: Case, tenant: str, number: int) -> None:
        """Let a case name a role that exists, and its permission."""
        is_needed = case.operation.definition.raw["operationId"] in _NEED_A_NEW_ROLE
        role = self._roles.get(tenant)
        if role is None or is_needed:
            role = _new_role(self._world, tenant, number)
            if not is_needed:
                self._roles[tenant] = role
        known = {"roleId": role.id, "permissionId": role.permission_id}
        case.path_parameters.update({name: known[name] for name in known if name in case.path_parameters})


def fit_query(case: Case) -> None:
    """Leave out a filter and an order, which random text hardly ever is."""
    case.query = {name: each for name, each in (case.query or {}).items() if name not in {"filter", "orderBy"}}


def fit_body(case: Case, tenant: str, world: World, number: int) -> None:
    """Complete the body of a case with the data of a tenant. The number makes new usernames unique."""
    operation_id = case.operation.definition.raw["operationId"]
    if operation_id in _DOCUMENTS:
        case.body = (
            {"filter": "{}", "update": f"{{ $set: {{ number: {number} }} }}"}
            if operation_id == "updateManyMeshData"
            else {"number": number}
        )
        return
    completion = _COMPLETIONS.get(operation_id)
    if completion is not None:
        body = cast("Body", case.body)
        if body.get("username"):
            body = {**body, "username": _new_username(body["username"], number)}
        if isinstance(body.get("name"), str):
            # Of a role, without the reserved part.
            body = {**body, "name": f"{body['name'].rpartition('.')[2][:40]}{letters(number)}"}
        if body.get("permissibleName"):
            body = {**body, "permissibleName": f"meshes.{letters(number)}"}
        case.body = {**body, **completion(body, tenant, world)}


def _new_role(world: World, tenant: str, number: int) -> _Role:
    """Create a role with a permission. The number makes its name unique."""
    role = world.post(tenant, "roles", {"name": f"known{letters(number)}"}, as_admin=True)["id"]
    body = {"permissibleName": "users", "read": True}
    return _Role(role, world.post(tenant, f"roles/{role}/permissions", body, as_admin=True)["id"])


def _new_username(username: str, number: int) -> str:
    """Return a free and valid username. An invalid one is reduced to its ASCII letters and digits."""
    new = f"{username[:200]}-{number}"
    try:
        require_new_username(new)
    except InvalidRequestError:
        return f"{''.join(each for each in username[:200] if each.isascii() and each.isalnum())}-{number}"
    return new


def record_effects(case: Case, response: schemathesis.Response, world: World) -> None:
    """Record or undo what a case has changed, if it would affect later cases."""
    tenant = tenant_of(case)
    match case.operation.definition.raw["operationId"], response.status_code:
        case "updatePassword", 204:
            world.passwords[tenant or DEFAULT_TENANT] = cast("Body", case.body)["newPassword"]
        case "registerAnonymousUser", 201:
            # Anonymous users have no password and any name. Delete them, so that forgotPassword does not find them.
            world.delete(tenant or DEFAULT_TENANT, f"users/{response.json()['id']}")


def _anonymous(_: Body, __: str, ___: World) -> Body:
    return {}


def _registration(body: Body, tenant: str, _: World) -> Body:
    questions = {"securityQuestions": body.get("securityQuestions") or _QUESTIONS} if tenant == QUESTION_TENANT else {}
    return {"emailAddress": body.get("emailAddress") or _EMAIL, **questions}


def _new_user(body: Body, tenant: str, world: World) -> Body:
    return {**_registration(body, tenant, world), "roles": [{"name": "meshy.user"}]}


def _grant(body: Body, tenant: str, world: World) -> Body:
    grant = {"client_id": public_key(tenant), "scope": "meshy.api offline_access"}
    if body["grant_type"] == "password":
        return {**grant, "username": USER, "password": PASSWORD}
    return {**grant, "refresh_token": world.refresh_tokens[tenant]}


def _revocation(_: Body, tenant: str, __: World) -> Body:
    return {"client_id": public_key(tenant), "token_type_hint": "refresh_token"}


def _reset(_: Body, tenant: str, world: World) -> Body:
    return begin_reset(world, tenant, "kept-0")


def _verification(body: Body, tenant: str, world: World) -> Body:
    if tenant == QUESTION_TENANT:
        return {}
    username = body["username"]
    user = {"username": username, "newPassword": PASSWORD, "emailAddress": _EMAIL}
    registered = world.post(tenant, "users/register", user)
    return {**registered, "verificationCode": world.newest_code(tenant, username)}


def _password(_: Body, tenant: str, world: World) -> Body:
    return {"previousPassword": world.passwords[tenant]}


def _self(body: Body, _: str, __: World) -> Body:
    return {"username": ADMIN, "emailAddress": body.get("emailAddress") or _EMAIL, "roles": None}


def _update(body: Body, _: str, __: World) -> Body:
    return {"username": None, "emailAddress": body.get("emailAddress") or _EMAIL, "roles": None}


def _role(_: Body, __: str, ___: World) -> Body:
    return {}


def _permission(_: Body, __: str, ___: World) -> Body:
    return {"read": True}


def _users(_: Body, __: str, ___: World) -> Body:
    return {"users": [{"id": user_id("ee", number)} for number in range(1, KEPT)]}


_COMPLETIONS: Final[Mapping[str, Callable[[Body, str, World], Body]]] = {
    "registerAnonymousUser": _anonymous,
    "registerUser": _registration,
    "createUser": _new_user,
    "requestToken": _grant,
    "revokeToken": _revocation,
    "resetPassword": _reset,
    "verifyUser": _verification,
    "updatePassword": _password,
    "updateSelf": _self,
    "updateUser": _update,
    "createRole": _role,
    "updateRole": _role,
    "createPermission": _permission,
    "updatePermission": _permission,
    "addUsersToRole": _users,
    "removeUsersFromRole": _users,
}
