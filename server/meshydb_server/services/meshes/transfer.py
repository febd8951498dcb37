"""Imports and exports the documents of a mesh, for operators."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Final, TypeVar

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.query import Document, ObjectIds
from meshydb_server.services.audit import OPERATOR, Audit
from meshydb_server.services.common.dependencies import Clock
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import ConflictError
from meshydb_server.services.common.lookup import require_tenant, resolved
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import DuplicateError
from meshydb_server.storage.meshes import (
    MeshKey,
    add_mesh,
    documents_after,
    existing_ids,
    insert_documents,
    refresh_statistics,
    to_body,
)

T = TypeVar("T")

BATCH: Final = 1000
"""So many documents are stored in one transaction, if they are small."""

# A transaction, and the memory of an import, is bounded by this and one document more.
_MOST_BYTES: Final = 16 * 1024 * 1024

# So many documents, of up to 4 MiB each, are in memory at once during an export.
_PAGE: Final = 50


@frozen
class TransferService:
    """Imports and exports the documents of a mesh."""

    database: Database
    clock: Clock
    ids: ObjectIds
    audit: Audit

    async def find_mesh(self, account: str, tenant: str | None, mesh: str) -> MeshKey:
        """The mesh of this name, which need not exist. Raises NotFoundError for an unknown account or tenant."""
        place = await self.database.read(lambda connection: require_tenant(connection, account, tenant))
        return MeshKey(place.account, place.name, mesh.lower())

    async def existing(self, mesh: MeshKey, ids: Sequence[str]) -> set[str]:
        """Those of the ids that documents of the mesh have."""
        return await self.database.read(lambda connection: existing_ids(connection, mesh, ids))

    async def store(self, mesh: MeshKey, documents: Iterable[Document], *, skip_existing: bool) -> int:
        """Create up to a batch of documents, all or none, and return how many.

        Each has an `_id` or gets one. With `skip_existing`, those whose `_id` exists are left out. Raises
        ConflictError.
        """
        now = self.clock()
        new = [self.ids.new_document(each, now) for each in documents]
        bodies = [(str(each["_id"]), to_body(each)) for each in new]

        def work(connection: Connection) -> int:
            present = existing_ids(connection, mesh, [key for key, _ in bodies]) if skip_existing else set[str]()
            left = [(key, body) for key, body in bodies if key not in present]
            add_mesh(connection, mesh, now)
            insert_documents(connection, mesh, left)
            return len(left)

        try:
            return await self.database.write(work, long=True)
        except DuplicateError as error:
            raise ConflictError(
                "Another document has got one of the ids since they were checked.", ErrorCode.DOCUMENT_EXISTS
            ) from error

    async def end_import(self, mesh: MeshKey) -> None:
        """Append an audit event for a whole import, and let the database plan searches of what it has now."""

        def work(connection: Connection) -> None:
            tenant = require_tenant(connection, mesh.account, mesh.tenant)
            self.audit.note(connection, resolved(tenant), "mesh-imported", OPERATOR, now=self.clock())
            refresh_statistics(connection)

        await self.database.write(work)

    async def export(self, mesh: MeshKey, write: Callable[[str], object]) -> None:
        """Call `write` with each document, as JSON text by `_id`.

        They are read in pages, each of which is of one moment. A snapshot of the whole mesh would keep the database
        from reclaiming space until the last document is written.
        """
        last = ""
        while page := await self.database.read(partial(documents_after, key=mesh, document_id=last, limit=_PAGE)):
            for _, body in page:
                write(body)
            last = page[-1][0]


def batches(items: Iterable[T], weigh: Callable[[T], int]) -> Iterator[list[T]]:
    """The items in lists for one transaction each: at most `BATCH`, or so many that their bytes reach a bound."""
    batch: list[T] = []
    weight = 0
    for item in items:
        batch.append(item)
        weight += weigh(item)
        if len(batch) == BATCH or weight >= _MOST_BYTES:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch
