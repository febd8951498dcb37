"""Queries on documents by id. A body is what `bodies.to_body` returns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlalchemy.engine import Connection

from meshydb_server.storage.engine.prepared import Change, Lookup, Prepared
from meshydb_server.storage.meshes.keys import MeshKey, in_mesh
from meshydb_server.storage.meshes.names import add_mesh
from meshydb_server.storage.schema import documents, meshes

_AT_ONCE: Final = 500


def document_lookup(key: MeshKey, document_id: str) -> Lookup[str | None]:
    """Looks up the body of the document with this id."""
    return Lookup(_GET, {**key.values, "id": document_id}, lambda rows: rows[0][0] if rows else None)


def new_document(key: MeshKey, document_id: str, body: str, now: datetime) -> Change:
    """Adds a document, and its mesh if there is none. Raises DuplicateError if the mesh has the id."""

    def work(connection: Connection) -> None:
        add_mesh(connection, key, now)
        insert_documents(connection, key, [(document_id, body)])

    return Change(work, _INSERT_WITH_MESH, {**key.values, "created_at": now, "id": document_id, "body": body})


def insert_documents(connection: Connection, key: MeshKey, documents: Sequence[tuple[str, str]]) -> None:
    """Add documents: ids and bodies. The transaction raises DuplicateError if the mesh has one of the ids."""
    if len(documents) == 1:
        ((document_id, body),) = documents
        _INSERT.change(connection, {**key.values, "id": document_id, "body": body})
    elif documents and connection.dialect.name == "postgresql":
        ids, bodies = zip(*documents, strict=True)
        connection.execute(_INSERT_ARRAYS, {**key.values, "ids": [*ids], "bodies": [*bodies]})
    elif documents:
        # With the driver: SQLAlchemy would make a mapping of each row.
        place = tuple(key.values.values())
        connection.exec_driver_sql(_INSERT_MANY, [(*place, *document) for document in documents])


def existing_ids(connection: Connection, key: MeshKey, ids: Iterable[str]) -> set[str]:
    """Those of the ids that the mesh has."""
    return {found for each in _parts(ids) for found in connection.scalars(_EXISTING, {**key.values, "ids": each})}


def get_bodies(connection: Connection, key: MeshKey, ids: Sequence[str]) -> list[str]:
    """The bodies of the documents with these ids that are there, in the order of the ids."""
    if connection.dialect.name == "postgresql":
        found = dict(connection.execute(_BODIES_OF_ARRAY, {**key.values, "ids": [*ids]}).all())
    else:
        found = dict(row for each in _parts(ids) for row in connection.execute(_BODIES, {**key.values, "ids": each}))
    return [found[document_id] for document_id in ids if document_id in found]


def documents_after(connection: Connection, key: MeshKey, document_id: str, limit: int) -> list[tuple[str, str]]:
    """Ids and bodies of the documents that follow this id, by id. All ids follow the empty text."""
    rows = connection.execute(_AFTER, {**key.values, "id": document_id, "limit": limit})
    return [(row[0], row[1]) for row in rows]


def replace_document(connection: Connection, key: MeshKey, document_id: str, body: str) -> bool:
    """Store another body of a document. Returns whether the document is there."""
    values = {f"the_{name}": value for name, value in key.values.items()}
    return _UPDATE.change(connection, {**values, "the_id": document_id, "new_body": body}) == 1


def replace_documents(connection: Connection, key: MeshKey, documents: Sequence[tuple[str, str]]) -> None:
    """Store other bodies of several documents, which are there: ids and bodies."""
    if documents and connection.dialect.name == "postgresql":
        ids, bodies = zip(*documents, strict=True)
        connection.execute(_UPDATE_ARRAYS, {**key.values, "ids": [*ids], "bodies": [*bodies]})
        return
    for document_id, body in documents:
        replace_document(connection, key, document_id, body)


def delete_document(connection: Connection, key: MeshKey, document_id: str) -> bool:
    """Delete a document. Returns whether it was there."""
    return delete_documents(connection, key, [document_id]) == 1


def lock_documents(connection: Connection, key: MeshKey, ids: Iterable[str]) -> list[tuple[str, str]]:
    """Ids and bodies of the documents with these ids that are there, by id, locked until the transaction ends.

    Transactions that lock the documents in any order cannot wait for each other in a circle.
    """
    locked: list[tuple[str, str]] = []
    for each in _parts(sorted(ids)):
        locked.extend((row[0], row[1]) for row in connection.execute(_LOCK, {**key.values, "ids": each}))
    return locked


def delete_documents(connection: Connection, key: MeshKey, ids: Iterable[str]) -> int:
    """Delete the documents with these ids. Returns how many were there."""
    return sum(connection.execute(_DELETE, {**key.values, "ids": each}).rowcount for each in _parts(ids))


def refresh_statistics(connection: Connection) -> None:
    """Let PostgreSQL count again after many documents were added. By itself it does so within a minute or so."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ANALYZE documents")


def _parts(ids: Iterable[str]) -> list[list[str]]:
    # A statement takes a limited number of values.
    every = [*ids]
    return [every[start : start + _AT_ONCE] for start in range(0, len(every), _AT_ONCE)]


_PLACE: Final = ("account", "tenant", "mesh")
_IN_MESH: Final = tuple(documents.c[name] == bindparam(name) for name in _PLACE)
_AMONG: Final[tuple[Any, ...]] = (*_IN_MESH, documents.c.id.in_(bindparam("ids", expanding=True)))
_GET: Final = Prepared(select(documents.c.body).where(*_IN_MESH, documents.c.id == bindparam("id")))
_INSERT: Final = Prepared(insert(documents))
_INSERT_WITH_MESH: Final = Prepared(
    text(
        "WITH place AS (INSERT INTO meshes (account, tenant, mesh, created_at)"
        " VALUES (:account, :tenant, :mesh, :created_at) ON CONFLICT DO NOTHING)"
        " INSERT INTO documents (account, tenant, mesh, id, body) VALUES (:account, :tenant, :mesh, :id, :body)"
    ).bindparams(bindparam("created_at", type_=meshes.c.created_at.type))
)
_INSERT_MANY: Final = "INSERT INTO documents (account, tenant, mesh, id, body) VALUES (?, ?, ?, ?, ?)"
# One statement for all: a message for each row takes three times as long.
_INSERT_ARRAYS: Final = text(
    "INSERT INTO documents (account, tenant, mesh, id, body)"
    " SELECT CAST(:account AS text), CAST(:tenant AS text), CAST(:mesh AS text), given.id, given.body"
    " FROM unnest(CAST(:ids AS text[]), CAST(:bodies AS text[])) AS given (id, body)"
)
_EXISTING: Final = select(documents.c.id).where(*_AMONG)
_BODIES: Final = select(documents.c.id, documents.c.body).where(*_AMONG)
# An array takes a third of the time of a list of values, which SQLAlchemy writes into the text of the statement.
_BODIES_OF_ARRAY: Final = text(
    f"SELECT id, body FROM documents WHERE {in_mesh()} AND id = ANY(CAST(:ids AS text[]))"  # noqa: S608 - bound
)
_AFTER: Final = (
    select(documents.c.id, documents.c.body)
    .where(*_IN_MESH, documents.c.id > bindparam("id"))
    .order_by(documents.c.id)
    .limit(bindparam("limit"))
)
_LOCK: Final = _BODIES.order_by(documents.c.id).with_for_update()
_UPDATE: Final = Prepared(
    update(documents)
    .where(*(documents.c[name] == bindparam(f"the_{name}") for name in (*_PLACE, "id")))
    .values({"body": bindparam("new_body")})
)
# One statement for all, as above.
_UPDATE_ARRAYS: Final = text(
    "UPDATE documents SET body = given.body"  # noqa: S608 - all values are bound
    " FROM unnest(CAST(:ids AS text[]), CAST(:bodies AS text[])) AS given (id, body)"
    f" WHERE {in_mesh()} AND documents.id = given.id"
)
_DELETE: Final = delete(documents).where(*_AMONG)
