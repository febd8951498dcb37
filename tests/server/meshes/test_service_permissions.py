"""Who may do what with documents, over HTTP on both databases."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.support.mesh_calls import MeshCalls

pytestmark = pytest.mark.anyio

_FILTER: Final = "?filter=%7B%7D"
# Of each operation: the method, what follows the mesh in the path, and the body.
_CALLS: Final[dict[str, list[tuple[str, str, Any]]]] = {
    "create": [("POST", "", {})],
    "read": [("GET", "", None), ("GET", "/x", None)],
    "update": [("PUT", "/x", {}), ("PATCH", "", {"filter": {}, "update": {"$set": {"a": 1}}})],
    "delete": [("DELETE", "/x", None), ("DELETE", _FILTER, None)],
}


async def _allowed(calls: MeshCalls, mesh: str, by: str) -> set[str]:
    """The operations that a user may call on a mesh."""
    allowed: set[str] = set()
    for operation, requests in _CALLS.items():
        statuses = [
            (await calls.call(method, f"meshes/{mesh}{path}", body, by=by)).status_code
            for method, path, body in requests
        ]
        assert 403 not in statuses or set(statuses) == {403}
        if 403 not in statuses:
            allowed.add(operation)
    return allowed


@pytest.mark.parametrize("operation", _CALLS)
async def test_all_meshes(calls: MeshCalls, operation: str) -> None:
    """The permission for all meshes allows its operation on every mesh, and no other."""
    await calls.roles.holder("holder", f"meshes:{operation}")
    for mesh in ("task", "Note"):
        assert await _allowed(calls, mesh, "holder") == {operation}


@pytest.mark.parametrize("operation", _CALLS)
async def test_one_mesh(calls: MeshCalls, operation: str) -> None:
    """The permission for one mesh allows its operation on this mesh in any case of its name, and on no other."""
    await calls.roles.holder("holder", f"meshes.task:{operation}")
    for mesh in ("task", "TASK"):
        assert await _allowed(calls, mesh, "holder") == {operation}
    for mesh in ("tasks", "tas", "note"):
        assert await _allowed(calls, mesh, "holder") == set()


async def test_none(calls: MeshCalls) -> None:
    """Without a permission, everything is refused, and the message names both that would suffice."""
    await calls.roles.holder("holder", "users:read", "roles:read", "projections:read")
    assert await _allowed(calls, "task", "holder") == set()
    response = await calls.call("GET", "meshes/Task", by="holder")
    assert response.json() == {
        "message": "The permission meshes:read or meshes.task:read is required.",
        "code": "permission_required",
    }


async def test_order_of_errors(calls: MeshCalls) -> None:
    """403 comes before 400, and 400 before 404."""
    await calls.roles.holder("holder", "meshes.task:update")
    assert await calls.refused("GET", "meshes/t1/x", by="holder") == (403, "permission_required")
    assert await calls.refused("GET", "meshes/task?filter=%7B", by="holder") == (403, "permission_required")
    assert await calls.refused("PUT", "meshes/task/x", {"$a": 1}, by="holder") == (400, "property_invalid")
    response = await calls.roles.client.post("/acme/meshes/t1", content=b"{")
    assert (response.status_code, response.json()["code"]) == (401, "token_missing")
    # A name that is not valid is in no permission.
    message = (await calls.call("GET", "meshes/t1", by="holder")).json()["message"]
    assert message == "The permission meshes:read is required."


async def test_anonymous_users(calls: MeshCalls) -> None:
    """Anonymous users may do with documents what the role meshy.anonymous permits."""
    await calls.people.add("device", anonymous=True)
    token = (await calls.people.log_in("device", "nopassword")).access_token
    headers = {"Authorization": f"Bearer {token}"}
    client = calls.roles.client
    created = await client.post("/acme/meshes/task", json={"n": 1}, headers=headers)
    assert created.status_code == 201
    found = await client.get("/acme/meshes/task", headers=headers)
    assert found.json()["results"] == [created.json()]
    role = await calls.roles.id_of("meshy.anonymous")
    permissions = (await calls.call("GET", f"roles/{role}/permissions")).json()["results"]
    ids = {each["permissibleName"]: each["id"] for each in permissions}
    assert (await calls.call("DELETE", f"roles/{role}/permissions/{ids['meshes']}")).status_code == 204
    fresh = (await calls.people.log_in("device", "nopassword")).access_token
    refused = await client.get("/acme/meshes/task", headers={"Authorization": f"Bearer {fresh}"})
    assert refused.status_code == 403


async def test_users_by_default(calls: MeshCalls) -> None:
    """The role that users have from registration allows all operations on documents."""
    await calls.people.add("rosa.k")
    assert await _allowed(calls, "task", "rosa.k") == set(_CALLS)
