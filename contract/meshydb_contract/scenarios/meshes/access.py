"""Scenarios of who may see and change the documents of a mesh."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from meshydb_contract.scenarios._context.context import Context
from meshydb_contract.scenarios._context.meshes import Mesh, own_mesh
from meshydb_contract.scenarios._context.responses import ApiResponse
from meshydb_contract.scenarios._context.roles import add_permission, assign, create_role, create_user_without_roles

_OPERATIONS: Final = ("create", "read", "update", "delete")


def documents_are_of_one_tenant(context: Context) -> None:
    """Documents of one tenant do not exist in another: not to be read, changed, counted, or inferred."""
    token, other_token = context.admin_token(context.tenant), context.admin_token(context.other_tenant)
    name = context.free_mesh_name(context.tenant, context.other_tenant)
    mesh = Mesh(context, context.tenant, name, token)
    other = Mesh(context, context.other_tenant, name, other_token)
    # Of an earlier run, the name may be left.
    listed = _count_permissibles(other)
    mesh.fill({"_id": "a", "n": 1}, {"_id": "b", "n": 1})
    for query in (
        {},
        {"filter": "{ n: 1 }"},
        {"filter": "{ _id: 'a' }"},
        {"filter": "{ m: null }", "orderBy": "{ n: 1 }"},
    ):
        other.expect_ids("A search finds another tenant's documents.", **query)
    other.get("a").expect(404, "Another tenant's document can be read.")
    other.replace("a", {"n": 2}).expect(404, "Another tenant's document can be replaced.")
    other.call("deleteMeshData", document="a").expect(404, "Another tenant's document can be deleted.")
    updated = other.update_all("{}", "{ $set: { n: 2 } }").expect(200, "Documents cannot be changed.")
    updated.expect_members("Another tenant's documents can be changed.", matchedCount=0, modifiedCount=0)
    deleted = other.delete_all(filter="{}").expect(200, "Documents cannot be deleted.")
    deleted.expect_members("Another tenant's documents can be deleted.", deletedCount=0)
    if _count_permissibles(other) != listed:
        context.fail("searchPermissibles", "The name of another tenant's mesh is listed.")
    taken = other.call("createMeshData", [{"_id": "a"}, {"_id": "c"}])
    taken.expect(201, "An `_id` is taken that a document of another tenant has.")
    mesh.expect_ids("Another tenant has changed the documents.", *"ab", filter="{ n: 1 }")
    mesh.expect_ids("Another tenant's documents are found.", *"ab")


def _count_permissibles(mesh: Mesh) -> int:
    """Return how many permissibles have the name of a mesh in theirs."""
    query = {"name": mesh.name}
    found = mesh.context.call("searchPermissibles", mesh.tenant, query=query, token=mesh.token)
    count: int = found.expect(200, "Permissibles cannot be searched.").json["totalRecords"]
    return count


def permissions_are_of_one_mesh(context: Context) -> None:
    """A permission for one mesh permits one operation, and opens no other mesh."""
    mesh, closed = own_mesh(context), own_mesh(context)
    for each in (mesh, closed):
        each.fill({"_id": "a", "n": 1})
    for permitted in _OPERATIONS:
        user, role = create_user_without_roles(context), create_role(context)
        add_permission(context, role, f"meshes.{mesh.name}", permitted)
        assign(context, role, user)
        token = context.log_in(user)["access_token"]
        for each in (mesh, closed):
            for operation, responses in _tries(Mesh(context, each.tenant, each.name, token)).items():
                for response in responses:
                    _expect(response, operation, permitted if each is mesh else None)
    closed.expect_ids("Documents of another mesh are changed.", "a", filter="{ n: 1 }")


def _tries(mesh: Mesh) -> Mapping[str, list[ApiResponse]]:
    """Call each operation of a mesh. Maps what must be permitted to the responses. Documents stay but for new ones."""
    nothing: Mapping[str, Any] = {"filter": "{ _id: 'nobody' }"}
    return {
        "create": [mesh.call("createMeshData", {}), mesh.call("createMeshData", [{}])],
        "read": [mesh.call("searchMeshData"), mesh.get("a")],
        "update": [mesh.replace("a", {"n": 1}), mesh.update_all(nothing["filter"], "{ $set: { n: 2 } }")],
        "delete": [mesh.delete_all(**nothing), mesh.call("deleteMeshData", document="nobody")],
    }


def _expect(response: ApiResponse, operation: str, permitted: str | None) -> None:
    is_rejected = response.status == HTTPStatus.FORBIDDEN
    if operation != permitted:
        what = "another mesh" if permitted is None else f"{permitted}"
        response.expect(403, f"A permission for {what} permits to {operation}.")
    elif is_rejected:
        response.fail(f"A permission for a mesh does not permit to {operation}.")
