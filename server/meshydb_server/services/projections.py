"""Projections: pipelines that operators store, and searches of what they make of the documents of a mesh."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Final, TypeVar

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.query import (
    MATCH_ALL,
    Document,
    Filter,
    Order,
    Pipeline,
    QueryError,
    interruptible,
    is_absent,
    matches,
    parse_pipeline,
    run_pipeline,
    sort_documents,
)
from meshydb_server.services.audit import OPERATOR, Audit, Kind
from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.dependencies import Clock
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import ConflictError, InvalidRequestError, NotFoundError
from meshydb_server.services.common.lookup import require_tenant, resolved
from meshydb_server.services.common.pages import Page, PageRequest, page_of
from meshydb_server.services.common.requesters import while_present
from meshydb_server.services.meshes import SEARCH_SECONDS, read_filter, read_order, translated_queries
from meshydb_server.storage.accounts import Tenant
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.long_work import Check
from meshydb_server.storage.meshes import (
    MeshKey,
    Projection,
    delete_projection,
    get_projection,
    list_projections,
    put_projection,
    stream,
    to_body,
)

T = TypeVar("T")

# The time is looked at after so many results.
_RESULTS_BETWEEN_CHECKS: Final = 100


@frozen
class ProjectionService:
    """Searches projections for callers, and creates, lists and deletes them for operators."""

    database: Database
    clock: Clock
    audit: Audit
    seconds: float = SEARCH_SECONDS
    """How long a search may take."""

    async def search(
        self, caller: Caller, name: str, filter_: object, order: object, request: PageRequest
    ) -> Page[str]:
        """A page of the results that match, as JSON text.

        Without an order, results stay as the pipeline makes them. Raises InvalidRequestError, NotFoundError or
        QueryLimitError.
        """
        condition = read_filter(filter_)
        sorting = None if is_absent(order) else read_order(order)
        key = name.lower()
        found = await self.database.read(
            lambda connection: get_projection(connection, caller.account, caller.tenant, key)
        )
        projection = _require(found)
        pipeline = parse_pipeline(projection.pipeline)
        mesh = MeshKey(caller.account, caller.tenant, projection.mesh)

        def work(connection: Connection, check: Check) -> Sequence[Document]:
            return _results(connection, mesh, pipeline, condition, sorting, check)

        with translated_queries():
            page = page_of(await while_present(self.database.scan(work, self.seconds)), request)
        return Page([to_body(each) for each in page.results], page.page, page.page_size, page.total)

    async def create(self, account: str, tenant: str | None, name: str, mesh: str, pipeline: str) -> Projection:
        """Store a pipeline under a new name.

        Raises InvalidRequestError for a pipeline that is refused, NotFoundError or ConflictError.
        """
        try:
            parse_pipeline(pipeline)
        except QueryError as error:
            raise InvalidRequestError(str(error), ErrorCode.INVALID_REQUEST) from error
        now = self.clock()

        def work(connection: Connection) -> Projection:
            place = require_tenant(connection, account, tenant)
            if get_projection(connection, place.account, place.name, name.lower()) is not None:
                raise ConflictError("The tenant has a projection of this name.", ErrorCode.INVALID_REQUEST)
            new = Projection(
                account=place.account,
                tenant=place.name,
                name=name.lower(),
                mesh=mesh.lower(),
                pipeline=pipeline,
                created_at=now,
            )
            put_projection(connection, new)
            self._note(connection, place, "projection-created")
            return new

        return await self.database.write(work)

    async def all(self, account: str, tenant: str | None) -> Sequence[Projection]:
        """The projections of a tenant, by name. Raises NotFoundError."""

        def look(connection: Connection) -> Sequence[Projection]:
            place = require_tenant(connection, account, tenant)
            return list_projections(connection, place.account, place.name)

        return await self.database.read(look)

    async def delete(self, account: str, tenant: str | None, name: str) -> Projection:
        """Delete a projection. Raises NotFoundError."""

        def work(connection: Connection) -> Projection:
            place = require_tenant(connection, account, tenant)
            found = _require(get_projection(connection, place.account, place.name, name.lower()))
            delete_projection(connection, place.account, place.name, name.lower())
            self._note(connection, place, "projection-deleted")
            return found

        return await self.database.write(work)

    def _note(self, connection: Connection, tenant: Tenant, kind: Kind) -> None:
        self.audit.note(connection, resolved(tenant), kind, OPERATOR, now=self.clock())


def _results(
    connection: Connection,
    mesh: MeshKey,
    pipeline: Pipeline,
    condition: Filter,
    order: Order | None,
    check: Check,
) -> Sequence[Document]:
    first, rest = pipeline.without_first_match()
    documents_of_mesh = stream(connection, mesh, MATCH_ALL if first is None else first, check=check)
    with interruptible(check), closing(documents_of_mesh) as documents:
        made = _checked(run_pipeline(rest, documents), check)
        found = [document for document in made if matches(condition, document)]
    return found if order is None else sort_documents(found, order)


def _checked(documents: Iterator[T], check: Check) -> Iterator[T]:
    for count, document in enumerate(documents):
        if count % _RESULTS_BETWEEN_CHECKS == 0:
            check()
        yield document


def _require(found: Projection | None) -> Projection:
    if found is None:
        raise NotFoundError("The tenant has no projection of this name.", ErrorCode.UNKNOWN_PROJECTION)
    return found
