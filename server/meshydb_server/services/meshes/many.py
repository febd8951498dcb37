"""Searches documents, and changes or deletes all that match a filter.

A change reads the ids of the documents first, and then changes them in groups, so that others get their turn. Each
document is tested again when it is locked, because it may have changed meanwhile. If the caller disconnects while
documents are searched, the search stops; a change that has begun is completed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.contract import Contract
from meshydb_server.query import MATCH_ALL, Document, Filter, Update, apply_update, interruptible, matches
from meshydb_server.services.common.dependencies import Clock
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import InvalidRequestError
from meshydb_server.services.common.pages import Page, PageRequest
from meshydb_server.services.common.requesters import while_present
from meshydb_server.services.meshes.queries import (
    SEARCH_SECONDS,
    read_filter,
    read_order,
    require_filter,
    require_update,
    translated_queries,
)
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import ScanTimeoutError
from meshydb_server.storage.meshes import (
    MeshKey,
    delete_documents,
    find_page,
    from_body,
    lock_documents,
    matching_ids,
    replace_documents,
    to_body,
)

T = TypeVar("T")

_GROUP: Final = 50
# Documents that are deleted without a look at them.
_UNSEEN_GROUP: Final = 1000


@frozen
class UpdateCounts:
    """How many documents matched, and how many of them were changed."""

    matched: int
    modified: int


@frozen
class ManyService:
    """Searches documents, and changes or deletes all that match a filter. Bodies are JSON text."""

    database: Database
    clock: Clock
    seconds: float = SEARCH_SECONDS
    """How long a search for documents may take."""

    async def search(self, mesh: MeshKey, filter_: object, order: object, request: PageRequest) -> Page[str]:
        """A page of the documents that match. Raises InvalidRequestError or QueryLimitError."""
        condition, sorting = read_filter(filter_), read_order(order)
        with translated_queries():
            total, bodies = await while_present(
                find_page(
                    self.database,
                    mesh,
                    condition,
                    sorting,
                    offset=request.offset,
                    limit=request.size,
                    seconds=self.seconds,
                )
            )
        return Page(bodies, request.number, request.size, total)

    async def update(self, mesh: MeshKey, filter_: object, update: object) -> UpdateCounts:
        """Change all documents that match, each as a whole or not at all.

        Raises InvalidRequestError or QueryLimitError. If the update does not fit a document, others may be changed.
        """
        condition, change = require_filter(filter_), require_update(update)
        now = self.clock()
        matched = modified = 0
        for ids in _groups(await self._matching(mesh, condition), _GROUP):
            with translated_queries():
                counts = await self.database.write(
                    self._limited(
                        partial(_update_group, mesh=mesh, ids=ids, condition=condition, update=change, now=now)
                    ),
                    long=True,
                )
            matched += counts.matched
            modified += counts.modified
        return UpdateCounts(matched, modified)

    async def delete(self, mesh: MeshKey, filter_: object) -> int:
        """Delete all documents that match, and return how many. Raises InvalidRequestError or QueryLimitError."""
        condition = require_filter(filter_)
        deleted = 0
        for ids in _groups(await self._matching(mesh, condition), _UNSEEN_GROUP if condition == MATCH_ALL else _GROUP):
            with translated_queries():
                work = partial(_delete_group, mesh=mesh, ids=ids, condition=condition)
                deleted += await self.database.write(self._limited(work), long=True)
        return deleted

    def _limited(self, work: Callable[[Connection], T]) -> Callable[[Connection], T]:
        """The work on a group, which takes no longer than a search may. Others wait for its locks."""

        def limited(connection: Connection) -> T:
            with interruptible(_time_limit(self.seconds)):
                return work(connection)

        return limited

    async def _matching(self, mesh: MeshKey, condition: Filter) -> Sequence[str]:
        with translated_queries():
            return await while_present(
                self.database.scan(
                    lambda connection, check: matching_ids(connection, mesh, condition, check=check), self.seconds
                )
            )


def _groups(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _locked(
    connection: Connection, mesh: MeshKey, ids: Sequence[str], condition: Filter
) -> Iterator[tuple[str, Document]]:
    """The documents that are still there and still match."""
    for document_id, body in lock_documents(connection, mesh, ids):
        document = from_body(body)
        if matches(condition, document):
            yield document_id, document


def _time_limit(seconds: float) -> Callable[[], None]:
    """Raises ScanTimeoutError when the time is over, which begins now."""
    end = time.monotonic() + seconds

    def check() -> None:
        if time.monotonic() >= end:
            raise ScanTimeoutError

    return check


def _update_group(
    connection: Connection, mesh: MeshKey, ids: Sequence[str], condition: Filter, update: Update, now: datetime
) -> UpdateCounts:
    matched = 0
    changed: list[tuple[str, str]] = []
    for document_id, document in _locked(connection, mesh, ids, condition):
        matched += 1
        new = apply_update(update, document, now)
        if new is document:
            continue
        body = to_body(new)
        _require_size(body)
        changed.append((document_id, body))
    replace_documents(connection, mesh, changed)
    return UpdateCounts(matched, len(changed))


def _delete_group(connection: Connection, mesh: MeshKey, ids: Sequence[str], condition: Filter) -> int:
    if condition != MATCH_ALL:
        ids = [document_id for document_id, _ in _locked(connection, mesh, ids, condition)]
    return delete_documents(connection, mesh, ids)


def _require_size(body: str) -> None:
    """Raise InvalidRequestError if a document would be larger than one that can be sent."""
    most = Contract.load().max_body_bytes
    # No character takes more than four bytes.
    if len(body) * 4 > most and len(body.encode()) > most:
        message = f"The update does not fit a document: it would be larger than {most} bytes."
        raise InvalidRequestError(message, ErrorCode.UPDATE_INVALID)
