"""Creates documents, and reads, replaces and deletes single ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.query import DocumentError, ObjectIds, checked, checked_id, with_id
from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.dependencies import Clock
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import InvalidRequestError, NotFoundError
from meshydb_server.services.meshes.documents import document_exists, read_documents, rejection_of
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import DuplicateError
from meshydb_server.storage.meshes import (
    MeshKey,
    add_mesh,
    delete_document,
    document_lookup,
    existing_ids,
    insert_documents,
    new_document,
    replace_document,
    to_body,
)

T = TypeVar("T")

# So often a list of documents is stored, if others create documents of the same ids meanwhile and delete them again.
_ATTEMPTS: Final = 3


def mesh_of(caller: Caller, mesh: str) -> MeshKey:
    """The mesh of this name in the caller's tenant."""
    return MeshKey(caller.account, caller.tenant, mesh.lower())


@frozen
class MeshService:
    """Creates documents, and reads, replaces and deletes single ones. Bodies are JSON text."""

    database: Database
    clock: Clock
    ids: ObjectIds

    async def create(self, mesh: MeshKey, value: object, *, large: bool = False) -> str:
        """Create a document. A large one is checked in a thread. Raises InvalidRequestError or ConflictError."""
        now = self.clock()

        def prepare() -> tuple[str, str]:
            document = self.ids.new_document(value, now)
            return str(document["_id"]), to_body(document)

        new = await _prepared(prepare, large=large)

        try:
            await self.database.change(new_document(mesh, *new, now))
        except DuplicateError as error:
            raise document_exists() from error
        return new[1]

    async def create_many(
        self, mesh: MeshKey, values: Sequence[object], rejected: Mapping[int, InvalidRequestError] | None = None
    ) -> Sequence[str]:
        """Create all documents, or none: then raises BulkError, as for those that are rejected already, by index.

        Returns them in order.
        """
        now = self.clock()
        new = await asyncio.to_thread(read_documents, values, rejected or {}, self.ids, now)

        def work(connection: Connection) -> None:
            new.require_free(existing_ids(connection, mesh, list(new.own_ids)))
            add_mesh(connection, mesh, now)
            insert_documents(connection, mesh, new.accepted)

        for _ in range(_ATTEMPTS):
            try:
                await self.database.write(work, long=True)
            except DuplicateError:
                continue
            return [body for _, body in new.accepted]
        raise document_exists()

    async def read(self, mesh: MeshKey, document_id: str) -> str:
        """A document. Raises NotFoundError."""
        key = checked_id(document_id)
        found = await self.database.look_up(document_lookup(mesh, key))
        return _require(found)

    async def replace(self, mesh: MeshKey, document_id: str, value: object, *, large: bool = False) -> str:
        """Replace a document; a large one is checked in a thread. Raises InvalidRequestError or NotFoundError."""
        key = checked_id(document_id)

        def prepare() -> str:
            document = checked(value)
            own = document.get("_id")
            if own is not None and checked_id(own) != key:
                raise InvalidRequestError("_id is not that of the path.", ErrorCode.DOCUMENT_ID_CHANGED)
            return to_body(with_id(document, key))

        body = await _prepared(prepare, large=large)
        replaced = await self.database.write(lambda connection: replace_document(connection, mesh, key, body))
        return _require(body if replaced else None)

    async def delete(self, mesh: MeshKey, document_id: str) -> None:
        """Delete a document. Raises NotFoundError."""
        key = checked_id(document_id)
        deleted = await self.database.write(lambda connection: delete_document(connection, mesh, key))
        _require(key if deleted else None)


async def _prepared(prepare: Callable[[], T], *, large: bool) -> T:
    try:
        return await asyncio.to_thread(prepare) if large else prepare()
    except DocumentError as error:
        raise rejection_of(error) from error


def _require(found: str | None) -> str:
    if found is None:
        raise NotFoundError("The mesh has no document of this id.", ErrorCode.UNKNOWN_DOCUMENT)
    return found
