"""Faults in who may see and change documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from attrs import evolve, frozen
from sqlalchemy import select
from sqlalchemy.engine import Connection

from meshydb_server.http import authentication
from meshydb_server.http.handlers import meshes as handlers
from meshydb_server.services.roles import permissions
from meshydb_server.storage import schema
from meshydb_server.storage.meshes import MeshKey
from tests.mutants.table import Table
from tests.support.server import DEFAULT_TENANT

TABLE: Final = Table()


@TABLE.parts(handlers, "mesh_of", "searchMeshData", "documents_are_of_one_tenant")
def documents_of_all_tenants(_: Callable[..., Any], caller: Any, mesh: str) -> MeshKey:
    """All tenants of an account have the same documents."""
    return MeshKey(caller.account, DEFAULT_TENANT, mesh.lower())


@TABLE.parts(permissions, "list_meshes", "searchPermissibles", "documents_are_of_one_tenant")
def mesh_names_of_all_tenants(_: Callable[..., Any], connection: Connection, account: str, __: str) -> Sequence[str]:
    """The meshes of all tenants are listed."""
    return sorted(set(connection.scalars(select(schema.meshes.c.mesh).where(schema.meshes.c.account == account))))


@frozen
class _AnyMesh:
    """Tokens whose permissions for one mesh are for all meshes."""

    tokens: authentication.Tokens

    async def authenticate(self, account: str, tenant: str | None, token: str) -> Any:
        caller = await self.tokens.authenticate(account, tenant, token)
        operations = {each.rpartition(".")[2] for each in caller.permissions if each.startswith("meshes.")}
        return evolve(caller, permissions=caller.permissions | {f"meshes.{each}" for each in operations})


@TABLE.parts(authentication.RequestAuthentication, "admit", "createMeshData", "permissions_are_of_one_mesh")
async def permission_for_any_mesh(
    original: Callable[..., Any], each: Any, headers: Any, path: Mapping[str, str], tokens: authentication.Tokens
) -> Any:
    """A permission for one mesh is one for all meshes."""
    return await original(each, headers, path, _AnyMesh(tokens))


@TABLE.parts(authentication.RequestAuthentication, "_of_path", "createMeshData", "permissions_are_of_one_mesh")
def only_all_meshes(_: Callable[..., Any], each: Any, __: object) -> Any:
    """A permission for one mesh permits nothing."""
    return [one for one in each._alternatives if not any("{" in name for name in one)]  # noqa: SLF001 - of a mutant
