"""Completes valid cases with the server's data, so that they succeed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import schemathesis

from meshydb_server.services.common.errors import InvalidRequestError
from meshydb_server.services.common.usernames import require_new_username
from tests.support.server import ACCOUNT, DEFAULT_TENANT
from tests.support.world import (
    ADMIN,
    ANSWER,
    DELETABLE,
    KEPT,
    PASSWORD,
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
_DELETING: Final = {"deleteRole", "deletePermission"}
_NEW_ROLES: Final = {"createRole", "updateRole"}
_NEW_PERMISSIONS: Final = {"createPermission", "updatePermission"}
_MEMBERS: Final = {"addUsersToRole", "removeUsersFromRole"}
ABOUT_ROLES: Final = _NEW_ROLES | _NEW_PERMISSIONS | _MEMBERS
"""The operations on roles whose bodies must fit what there is."""

_QUESTIONS: Final = [{"question": QUESTION, "answer": ANSWER}]


def tenant_of(case: Case) -> str | None:
    """Return the tenant of a case, or None if there is no such tenant."""
    tenant = case.headers.get("tenant", DEFAULT_TENANT)
    return tenant if case.path_parameters.get("accountName") == ACCOUNT and tenant in TENANTS else None


class Completion:
    """Completes cases for a world. The same cases in the same order get the same values."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers = itertools.count(1)
        self._tenants = itertools.cycle(TENANTS)

    def __call__(self, case: Case) -> None:
        """Change a valid case into one that can succeed."""
        operation_id, number = case.operation.definition.raw["operationId"], next(self._numbers)
        if operation_id.endswith("SecurityQuestions"):
            # The only tenant that asks questions.
            case.headers["tenant"] = QUESTION_TENANT
        elif "tenant" in case.headers:
            # Otherwise, nearly all cases have the tenant of the example.
            case.headers["tenant"] = next(self._tenants)
        if "id" in case.path_parameters:
            kind, count = ("de", DELETABLE) if operation_id == "deleteUser" else ("ee", KEPT)
            case.path_parameters["id"] = user_id(kind, 1 + number % count)
        self._name_role(case, operation_id, number)
        tenant = tenant_of(case)
        if tenant is not None:
            fit_body(case, tenant, self._world, number)

    def _name_role(self, case: Case, operation_id: str, number: int) -> None:
        """Name a role that there is, and a permission of it."""
        kind, count = ("d", DELETABLE) if operation_id in _DELETING else ("c", KEPT)
        for name, digit in (("roleId", 0), ("permissionId", 1)):
            if name in case.path_parameters:
                case.path_parameters[name] = user_id(f"{kind}{digit}", 1 + number % count)


def fit_body(case: Case, tenant: str, world: World, number: int) -> None:
    """Complete the body of a case with the data of a tenant. The number makes new usernames unique."""
    operation_id = case.operation.definition.raw["operationId"]
    completion = _COMPLETIONS.get(operation_id)
    if completion is not None:
        body = cast("Body", case.body)
        if body.get("username"):
            body = {**body, "username": _new_username(body["username"], number)}
        case.body = {**body, **completion(body, tenant, world)}
    elif operation_id in _NEW_ROLES:
        case.body = {**cast("Body", case.body), "name": f"role{letters(number)}"}
    elif operation_id in _NEW_PERMISSIONS:
        # Another mesh each time, as a role has one permission for each.
        case.body = {**cast("Body", case.body), "permissibleName": f"meshes.{letters(number)}", "read": True}
    elif operation_id in _MEMBERS:
        case.body = {"users": [{"id": user_id("ee", 1 + number % KEPT)}]}


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
}
