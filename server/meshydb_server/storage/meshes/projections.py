"""Queries on projections."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import asdict, frozen
from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.engine import Connection

from meshydb_server.storage.schema import projections


@frozen(kw_only=True)
class Projection:
    """A named pipeline over a mesh. `pipeline` is the JSON of its stages."""

    account: str
    tenant: str
    name: str
    mesh: str
    pipeline: str
    created_at: datetime


def put_projection(connection: Connection, projection: Projection) -> None:
    """Add a projection. The transaction raises DuplicateError if there is one of this name."""
    connection.execute(_INSERT, asdict(projection))


def get_projection(connection: Connection, account: str, tenant: str, name: str) -> Projection | None:
    """The projection of this name."""
    row = connection.execute(_GET, _values(account, tenant, name)).mappings().first()
    return None if row is None else Projection(**row)


def list_projections(connection: Connection, account: str, tenant: str) -> Sequence[Projection]:
    """The projections of a tenant, by name."""
    rows = connection.execute(_LIST, {"the_account": account, "the_tenant": tenant}).mappings()
    # Not sorted by the database: each database has its own collation.
    return sorted((Projection(**row) for row in rows), key=lambda projection: projection.name)


def delete_projection(connection: Connection, account: str, tenant: str, name: str) -> bool:
    """Delete a projection. Returns whether it was there."""
    return connection.execute(_DELETE, _values(account, tenant, name)).rowcount == 1


def _values(account: str, tenant: str, name: str) -> dict[str, str]:
    return {"the_account": account, "the_tenant": tenant, "the_name": name}


_OF_TENANT: Final = (
    projections.c.account == bindparam("the_account"),
    projections.c.tenant == bindparam("the_tenant"),
)
_THE_PROJECTION: Final = (*_OF_TENANT, projections.c.name == bindparam("the_name"))
_INSERT: Final = insert(projections)
_GET: Final = select(projections).where(*_THE_PROJECTION)
_LIST: Final = select(projections).where(*_OF_TENANT)
_DELETE: Final = delete(projections).where(*_THE_PROJECTION)
