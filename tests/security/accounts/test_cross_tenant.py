"""A tenant gets the same responses for objects of other tenants as for objects that never existed.

Whatever names something is a field of a request, or its access token. The contract says which there are: a new one, or
a known one in a new operation, fails here until it stands in these tables.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from meshydb_server.storage.accounts import Verification
from tests.security.accounts.tenants import SeededTenant, SharedServer, Values, never_existed, shared_server
from tests.support.contract import Placed, placed_operations, read, resolve

pytestmark = pytest.mark.anyio

_DOCUMENT: Final = read()
_OPERATIONS: Final = {operation.id: operation for operation in placed_operations(_DOCUMENT)}
_TOKEN: Final = "access token"  # noqa: S105 - what it is called here

# Fields that name what a tenant has made.
_NAMING: Final = {
    *("id", "username", "name", "roleId", "permissionId", "roles[].name", "users[].id"),
    *("mesh", "_id", "[]._id", "projectionName"),
    *("client_id", "hash", "refresh_token", "token", _TOKEN),
}
# Fields that do not, each with what is sent; None for what is left out.
_OTHER: Final[Mapping[str, Any]] = {
    # They say where to look, which is what the tests vary by themselves.
    **dict.fromkeys(("accountName", "tenant")),
    # Secrets and dates are good only together with what they belong to, and come with it.
    **dict.fromkeys(("password", "previousPassword", "verificationCode", "expires")),
    **dict.fromkeys(("activeOnly", "client_secret", "hint", "orderBy", "page", "pageSize", "scope", "token_type_hint")),
    **dict.fromkeys(("firstName", "lastName", "phoneNumber", "verified", "isActive")),
    **dict.fromkeys(("create", "update", "delete")),
    "attempt": 1,
    "description": "another",
    "permissibleName": "users",
    "read": True,
    "emailAddress": "another@example.org",
    # It is about the documents of the mesh that is named.
    "filter": "{}",
    "grant_type": "password",
    "newPassword": "a new and long passphrase",
    "securityQuestions[].question": "First pet?",
    "securityQuestions[].answer": "Rex",
}
# What belongs to a field, and is sent with it.
_COMPANIONS: Final = {
    "hash": {"username", "expires", "verificationCode"},
    "username": {"password"},
    # An update has the id of a document in its body too.
    "id": {"mesh", "_id"},
    "[]._id": {"mesh"},
}
# Where a username is that of somebody who is to be.
_CREATING: Final = {"createUser", "registerAnonymousUser", "registerUser"}
# What each has besides.
_EVERYBODYS: Final = {"roles": [{"name": "meshy.user"}]}
# Members of answers by chance, or made for the occasion.
_NEW_EACH_TIME: Final = {"access_token", "answerHash", "hash", "id", "refresh_token"}
# The open request that an operation is about.
_REQUESTS: Final = {"checkHash": "reset", "resetPassword": "reset", "verifyUser": "register"}

# For each operation and each field that names something: how others are answered.
_ANSWERS: Final = {
    ("requestToken", "client_id"): 400,
    ("requestToken", "username"): 400,
    ("requestToken", "refresh_token"): 400,
    ("revokeToken", "token"): 200,
    ("revokeToken", "client_id"): 400,
    ("checkUserExist", "username"): 200,
    ("registerAnonymousUser", "username"): 201,
    ("registerUser", "username"): 201,
    ("forgotPassword", "username"): 404,
    ("checkHash", "username"): 200,
    ("checkHash", "hash"): 200,
    ("resetPassword", "username"): 400,
    ("resetPassword", "hash"): 400,
    ("verifyUser", "username"): 400,
    ("verifyUser", "hash"): 400,
    ("getSelf", _TOKEN): 401,
    ("updateSelf", "username"): 400,
    ("updateSelf", "roles[].name"): 400,
    ("updateSelf", _TOKEN): 401,
    ("updateSecurityQuestions", _TOKEN): 401,
    ("updatePassword", _TOKEN): 401,
    ("searchUsers", "name"): 200,
    ("searchUsers", "roleId"): 200,
    ("searchUsers", _TOKEN): 401,
    ("createUser", "username"): 201,
    ("createUser", "roles[].name"): 400,
    ("createUser", _TOKEN): 401,
    ("getUser", "id"): 404,
    ("getUser", _TOKEN): 401,
    ("updateUser", "id"): 404,
    ("updateUser", "username"): 400,
    ("updateUser", "roles[].name"): 400,
    ("updateUser", _TOKEN): 401,
    ("deleteUser", "id"): 404,
    ("deleteUser", _TOKEN): 401,
    ("updateUserSecurityQuestions", "id"): 404,
    ("updateUserSecurityQuestions", _TOKEN): 401,
    ("searchRoles", "name"): 200,
    ("searchRoles", _TOKEN): 401,
    ("createRole", "name"): 201,
    ("createRole", _TOKEN): 401,
    ("getRole", "roleId"): 404,
    ("getRole", _TOKEN): 401,
    ("updateRole", "roleId"): 404,
    ("updateRole", "name"): 200,
    ("updateRole", _TOKEN): 401,
    ("deleteRole", "roleId"): 404,
    ("deleteRole", _TOKEN): 401,
    ("searchPermissions", "roleId"): 404,
    ("searchPermissions", _TOKEN): 401,
    ("createPermission", "roleId"): 400,
    ("createPermission", _TOKEN): 401,
    ("getPermission", "roleId"): 404,
    ("getPermission", "permissionId"): 404,
    ("getPermission", _TOKEN): 401,
    ("updatePermission", "roleId"): 404,
    ("updatePermission", "permissionId"): 404,
    ("updatePermission", _TOKEN): 401,
    ("deletePermission", "roleId"): 404,
    ("deletePermission", "permissionId"): 404,
    ("deletePermission", _TOKEN): 401,
    ("addUsersToRole", "roleId"): 404,
    ("addUsersToRole", "users[].id"): 400,
    ("addUsersToRole", _TOKEN): 401,
    ("removeUsersFromRole", "roleId"): 404,
    ("removeUsersFromRole", "users[].id"): 400,
    ("removeUsersFromRole", _TOKEN): 401,
    ("searchPermissibles", "name"): 200,
    ("searchPermissibles", _TOKEN): 401,
    ("searchMeshData", "mesh"): 200,
    ("searchMeshData", _TOKEN): 401,
    ("createMeshData", "mesh"): 201,
    ("createMeshData", "_id"): 201,
    ("createMeshData", "[]._id"): 201,
    ("createMeshData", _TOKEN): 401,
    ("updateManyMeshData", "mesh"): 200,
    ("updateManyMeshData", _TOKEN): 401,
    ("deleteManyMeshData", "mesh"): 200,
    ("deleteManyMeshData", _TOKEN): 401,
    ("getMeshData", "mesh"): 404,
    ("getMeshData", "id"): 404,
    ("getMeshData", _TOKEN): 401,
    ("updateMeshData", "mesh"): 404,
    ("updateMeshData", "id"): 404,
    ("updateMeshData", "_id"): 400,
    ("updateMeshData", _TOKEN): 401,
    ("deleteMeshData", "mesh"): 404,
    ("deleteMeshData", "id"): 404,
    ("deleteMeshData", _TOKEN): 401,
    ("searchProjection", "projectionName"): 404,
    ("searchProjection", _TOKEN): 401,
}


def _fields(operation: Placed) -> Iterator[str]:
    """The fields of a request: its parameters, what is in its body, and its access token."""
    yield from (each["name"] for each in operation.parameters)
    for schema in _bodies(operation):
        yield from _properties(schema, "")
    if operation.permissions is not None:
        yield _TOKEN


def _bodies(operation: Placed) -> list[dict[str, Any]]:
    return [content["schema"] for content in operation.node.get("requestBody", {}).get("content", {}).values()]


def _properties(schema: dict[str, Any], place: str) -> Iterator[str]:
    schema = resolve(_DOCUMENT, schema)
    if "properties" in schema:
        for name, each in schema["properties"].items():
            yield from _properties(each, f"{place}.{name}" if place else name)
    elif "items" in schema:
        yield from _properties(schema["items"], f"{place}[]")
    elif "oneOf" in schema:
        for each in schema["oneOf"]:
            yield from _properties(each, place)
    else:
        yield place


def test_every_field_is_known() -> None:
    """Each field of each operation either names nothing or is covered by the test below."""
    found = {(operation.id, field) for operation in _OPERATIONS.values() for field in _fields(operation)}
    assert {field for _, field in found} == _NAMING | _OTHER.keys()
    assert {each for each in found if each[1] in _NAMING} == _ANSWERS.keys()


def _fill(schema: dict[str, Any], place: str, values: Mapping[str, Any], field: str) -> Any:
    """What a schema describes, with these values; None where there is none. It has the field if it can."""
    schema = resolve(_DOCUMENT, schema)
    if "properties" in schema:
        members = {
            name: _fill(each, f"{place}.{name}" if place else name, values, field)
            for name, each in schema["properties"].items()
        }
        return {name: value for name, value in members.items() if value is not None}
    if "items" in schema:
        return [*_EVERYBODYS.get(place, ()), _fill(schema["items"], f"{place}[]", values, field)]
    if "oneOf" in schema:
        alternatives = (resolve(_DOCUMENT, each) for each in schema["oneOf"])
        chosen = [each for each in alternatives if _is_chosen(each, values)]
        with_field = (each for each in chosen if field in _properties(each, place))
        return _fill(next(with_field, chosen[0]), place, values, field)
    return values.get(place)


def _is_chosen(alternative: dict[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether the values are those of an alternative, by its constants."""
    properties = alternative.get("properties", {})
    return all(values[name] == each["const"] for name, each in properties.items() if "const" in each)


def _compose(
    client: httpx.AsyncClient, operation: Placed, field: str, seeded: SeededTenant, named: Values
) -> httpx.Request:
    """A request of a tenant about what is its own, but for one field, and what belongs to that."""
    probed = {each: named[each] for each in {field, *_COMPANIONS.get(field, ())} & named.keys()}
    fresh = {"username": f"new-by-{field}".replace(" ", "-")} if operation.id in _CREATING else {}
    fresh |= {"name": "another"} if operation.id == "updateRole" else {}
    # Elsewhere, it is a flag of a permission.
    fresh |= {"update": "{$set:{n:1}}"} if operation.id == "updateManyMeshData" else {}
    grant = {"grant_type": field} if field == "refresh_token" else {}
    values = {**_OTHER, **seeded.own, **fresh, **grant, **probed, "accountName": seeded.account}
    is_own = field == _TOKEN or "/me" in operation.path
    headers = {"tenant": seeded.tenant}
    if operation.permissions is not None:
        headers["Authorization"] = f"Bearer {values[_TOKEN] if is_own else seeded.operator_token}"
    # One thing at a time, because several narrow a search together.
    queried = {each["name"] for each in operation.parameters if each["in"] == "query"} - (_NAMING - {field})
    query = {name: values[name] for name in queried if values.get(name) is not None}
    form = "/connect/" in operation.path
    body = next((_fill(schema, "", values, field) for schema in _bodies(operation)), None)
    return client.build_request(
        operation.method,
        operation.path.format_map(values),
        params=query,
        headers=headers,
        data=body if form else None,
        json=None if form else body,
    )


def _seen(answer: httpx.Response, named: Values) -> tuple[int, dict[str, str], str]:
    """The parts of a response that callers can compare: without values that are always new or that they sent."""
    text = answer.text
    for value in sorted(named.values(), key=len, reverse=True):
        text = text.replace(value, "…")
    told = json.loads(text, object_hook=_without_new) if text else None
    headers = {name: value for name, value in answer.headers.items() if name not in {"date", "x-request-id"}}
    return answer.status_code, headers, json.dumps(told, sort_keys=True)


def _without_new(members: dict[str, Any]) -> dict[str, Any]:
    return {name: "…" if name in _NEW_EACH_TIME else value for name, value in members.items()}


async def _probe(server: SharedServer, operation: Placed, field: str, prober: SeededTenant, named: Values) -> Any:
    return _seen(await server.client.send(_compose(server.client, operation, field, prober, named)), named)


@pytest.mark.parametrize("operation_id", dict.fromkeys(operation for operation, _ in _ANSWERS))
async def test_objects_of_other_tenants(operation_id: str, database_url: str, tmp_path: Path) -> None:
    """Naming another tenant's object gets the response for an object that never existed, and changes nothing."""
    verification: Verification = "question" if operation_id.endswith("SecurityQuestions") else "email"
    async with shared_server(tmp_path, database_url, verification, _REQUESTS.get(operation_id)) as server:
        await _try(server, operation_id, server.tenants["owner"].own)


async def test_access_tokens_that_others_revoke(database_url: str, tmp_path: Path) -> None:
    """A tenant cannot revoke another tenant's access token, even in place of a refresh token."""
    async with shared_server(tmp_path, database_url, "email", None) as server:
        own = server.tenants["owner"].own
        await _try(server, "revokeToken", {**own, "token": own[_TOKEN]})


async def _try(server: SharedServer, operation_id: str, named: Values) -> None:
    operation, fields = _OPERATIONS[operation_id], [field for each, field in _ANSWERS if each == operation_id]
    owner, nobodys, answers = server.tenants["owner"], never_existed(named), {}
    before = await server.rows(owner)
    for field, name in itertools.product(fields, ("neighbour", "stranger")):
        prober = server.tenants[name]
        answers[field] = await _probe(server, operation, field, prober, named)
        assert answers[field] == await _probe(server, operation, field, prober, nobodys), (field, name)
        assert answers[field][0] == _ANSWERS[operation_id, field], (field, name)
    assert await server.rows(owner) == before
    # None of it would mean anything if it were not good for its owner.
    for field in fields:
        told = await _probe(server, operation, field, owner, named)
        assert told != answers[field] or await server.rows(owner) != before, field
