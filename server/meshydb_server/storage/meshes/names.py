"""Queries on the names of meshes."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from meshydb_server.storage.engine.prepared import Prepared
from meshydb_server.storage.meshes.keys import MeshKey
from meshydb_server.storage.schema import meshes


def add_mesh(connection: Connection, key: MeshKey, now: datetime) -> None:
    """Add a mesh, unless it is there. Safe in concurrent transactions."""
    _INSERT[connection.dialect.name].change(connection, {**key.values, "created_at": now})


def list_meshes(connection: Connection, account: str, tenant: str) -> list[str]:
    """The names of the tenant's meshes, sorted."""
    # Not sorted by the database: each database has its own collation.
    return sorted(connection.scalars(_LIST, {"account": account, "tenant": tenant}))


_INSERT: Final = {
    "sqlite": Prepared(sqlite.insert(meshes).on_conflict_do_nothing()),
    "postgresql": Prepared(postgresql.insert(meshes).on_conflict_do_nothing()),
}
_LIST: Final = select(meshes.c.mesh).where(
    meshes.c.account == bindparam("account"), meshes.c.tenant == bindparam("tenant")
)
