"""A tenant gets the same responses for objects of other tenants as for objects that never existed.

Whatever names something is a field of a request, or its access token. The contract says which there are: a new one, or
a known one in a new operation, fails here until it stands in these tables.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from meshydb_server.storage.accounts import Verification
from tests.security.accounts.requests import NAMING, OPERATIONS, OTHER, REQUESTS, TOKEN, compose, fields_of
from tests.security.accounts.tenants import SeededTenant, SharedServer, Values, never_existed, shared_server
from tests.support.contract import Placed

pytestmark = pytest.mark.anyio

# Members of answers by chance, or made for the occasion.
_NEW_EACH_TIME: Final = {"access_token", "answerHash", "hash", "id", "refresh_token"}

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
    ("getSelf", TOKEN): 401,
    ("updateSelf", "username"): 400,
    ("updateSelf", "roles[].name"): 400,
    ("updateSelf", TOKEN): 401,
    ("updateSecurityQuestions", TOKEN): 401,
    ("updatePassword", TOKEN): 401,
    ("searchUsers", "name"): 200,
    ("searchUsers", "roleId"): 200,
    ("searchUsers", TOKEN): 401,
    ("createUser", "username"): 201,
    ("createUser", "roles[].name"): 400,
    ("createUser", TOKEN): 401,
    ("getUser", "id"): 404,
    ("getUser", TOKEN): 401,
    ("updateUser", "id"): 404,
    ("updateUser", "username"): 400,
    ("updateUser", "roles[].name"): 400,
    ("updateUser", TOKEN): 401,
    ("deleteUser", "id"): 404,
    ("deleteUser", TOKEN): 401,
    ("updateUserSecurityQuestions", "id"): 404,
    ("updateUserSecurityQuestions", TOKEN): 401,
    ("searchRoles", "name"): 200,
    ("searchRoles", TOKEN): 401,
    ("createRole", "name"): 201,
    ("createRole", TOKEN): 401,
    ("getRole", "roleId"): 404,
    ("getRole", TOKEN): 401,
    ("updateRole", "roleId"): 404,
    ("updateRole", "name"): 200,
    ("updateRole", TOKEN): 401,
    ("deleteRole", "roleId"): 404,
    ("deleteRole", TOKEN): 401,
    ("searchPermissions", "roleId"): 404,
    ("searchPermissions", TOKEN): 401,
    ("createPermission", "roleId"): 400,
    ("createPermission", TOKEN): 401,
    ("getPermission", "roleId"): 404,
    ("getPermission", "permissionId"): 404,
    ("getPermission", TOKEN): 401,
    ("updatePermission", "roleId"): 404,
    ("updatePermission", "permissionId"): 404,
    ("updatePermission", TOKEN): 401,
    ("deletePermission", "roleId"): 404,
    ("deletePermission", "permissionId"): 404,
    ("deletePermission", TOKEN): 401,
    ("addUsersToRole", "roleId"): 404,
    ("addUsersToRole", "users[].id"): 400,
    ("addUsersToRole", TOKEN): 401,
    ("removeUsersFromRole", "roleId"): 404,
    ("removeUsersFromRole", "users[].id"): 400,
    ("removeUsersFromRole", TOKEN): 401,
    ("searchPermissibles", "name"): 200,
    ("searchPermissibles", TOKEN): 401,
    ("searchMeshData", "mesh"): 200,
    ("searchMeshData", TOKEN): 401,
    ("createMeshData", "mesh"): 201,
    ("createMeshData", "_id"): 201,
    ("createMeshData", "[]._id"): 201,
    ("createMeshData", TOKEN): 401,
    ("updateManyMeshData", "mesh"): 200,
    ("updateManyMeshData", TOKEN): 401,
    ("deleteManyMeshData", "mesh"): 200,
    ("deleteManyMeshData", TOKEN): 401,
    ("getMeshData", "mesh"): 404,
    ("getMeshData", "id"): 404,
    ("getMeshData", TOKEN): 401,
    ("updateMeshData", "mesh"): 404,
    ("updateMeshData", "id"): 404,
    ("updateMeshData", "_id"): 400,
    ("updateMeshData", TOKEN): 401,
    ("deleteMeshData", "mesh"): 404,
    ("deleteMeshData", "id"): 404,
    ("deleteMeshData", TOKEN): 401,
    ("searchProjection", "projectionName"): 404,
    ("searchProjection", TOKEN): 401,
}


def test_every_field_is_known() -> None:
    """Each field of each operation either names nothing or is covered by the test below."""
    found = {(operation.id, field) for operation in OPERATIONS.values() for field in fields_of(operation)}
    assert {field for _, field in found} == NAMING | OTHER.keys()
    assert {each for each in found if each[1] in NAMING} == _ANSWERS.keys()


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
    return _seen(await server.client.send(compose(server.client, operation, field, prober, named)), named)


@pytest.mark.parametrize("operation_id", dict.fromkeys(operation for operation, _ in _ANSWERS))
async def test_objects_of_other_tenants(operation_id: str, database_url: str, tmp_path: Path) -> None:
    """Naming another tenant's object gets the response for an object that never existed, and changes nothing."""
    verification: Verification = "question" if operation_id.endswith("SecurityQuestions") else "email"
    async with shared_server(tmp_path, database_url, verification, REQUESTS.get(operation_id)) as server:
        await _try(server, operation_id, server.tenants["owner"].own)


async def test_access_tokens_that_others_revoke(database_url: str, tmp_path: Path) -> None:
    """A tenant cannot revoke another tenant's access token, even in place of a refresh token."""
    async with shared_server(tmp_path, database_url, "email", None) as server:
        own = server.tenants["owner"].own
        await _try(server, "revokeToken", {**own, "token": own[TOKEN]})


async def _try(server: SharedServer, operation_id: str, named: Values) -> None:
    operation, fields = OPERATIONS[operation_id], [field for each, field in _ANSWERS if each == operation_id]
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
