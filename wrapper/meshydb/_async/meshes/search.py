"""Searches of documents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from attrs import asdict, evolve

from meshydb import _operations
from meshydb._async.pages import each_result
from meshydb._core.raw import RawCalls, async_raw
from meshydb._models import Page

if TYPE_CHECKING:
    from meshydb._async.driver import AsyncSession
    from meshydb._operations import MeshQuery

T = TypeVar("T")


class AsyncMeshSearchWithRawResponse(RawCalls, Generic[T]):
    """The call of a search, with the same arguments and errors. It returns a `RawResponse`."""

    def __init__(self, search: AsyncMeshSearch[T]) -> None:
        self.page = async_raw(search.page)


class AsyncMeshSearch(Generic[T]):
    """A search of documents, returned by `search` of a meshes service. Iterate over it, or request a page.

    Iteration requests pages as the loop needs them. Each iteration is a new search.

    Without `order_by`, each request asks for what follows the last `_id`. So each document that exists throughout is
    returned once, whatever is created, changed and deleted meanwhile, even by the loop itself. With `order_by`, or with
    a filter that is almost as long or as nested as allowed, the pages of the service are requested one after the other,
    and each document is returned once. A deletion moves others to pages that were read before, and the iteration misses
    them: collect the documents before you delete any.

    Each request can raise the errors of every call of the connection, and:

    * APIResponseError: A document does not fit the class, if there is one.
    * BadRequestError: The filter (`filter_invalid`) or the order (`order_invalid`) is malformed or not supported.
    * PermissionDeniedError: The user may not read documents.
    * RateLimitError: The query took too long (`query_timeout`).
    """

    def __init__(self, session: AsyncSession, query: MeshQuery, convert: Callable[[dict[str, Any]], T]) -> None:
        self._session = session
        self._query = query
        self._convert = convert

    @property
    def with_raw_response(self) -> AsyncMeshSearchWithRawResponse[T]:
        """The same search. `page` returns a `RawResponse`."""
        return AsyncMeshSearchWithRawResponse(self)

    async def page(self, number: int) -> Page[T]:
        """Request one page.

        From `GET /{accountName}/meshes/{mesh}`. Needs the permission `read`.

        Args:
            number: The number of the page, from 1 to 2147483647.

        Returns:
            The documents of that page, and the number on all pages. A page after the last one is empty.

        Raises:
            APIResponseError: A document does not fit the class, if there is one.
            BadRequestError: The filter (`filter_invalid`) or the order (`order_invalid`) is malformed or not supported.
            PermissionDeniedError: The user may not read documents.
            RateLimitError: The query took too long (`query_timeout`).
            MeshyError: As every call.
        """
        operation = _operations.search_documents(self._session.config, self._query, number)
        return await self._session.call(operation.then(lambda page: _converted(page, self._convert)))

    async def __aiter__(self) -> AsyncIterator[T]:
        if self._query.is_ordered or not self._query.can_follow:
            async for _, document in each_result(self._with_ids(self._query), _id_of):
                yield document
            return
        query, last = self._query, ""
        while True:
            page = await self._with_ids(query).page(1)
            for _, document in page.results:
                yield document
            if len(page.results) >= page.total_records or not page.results:
                return
            newest = _id_of(page.results[-1])
            # A service that does not sort by id would send the same page again.
            if newest <= last:
                return
            query, last = self._query.after(newest), newest

    def _with_ids(self, query: MeshQuery) -> AsyncMeshSearch[tuple[str, T]]:
        return AsyncMeshSearch(self._session, query, lambda document: (document["_id"], self._convert(document)))

    def __repr__(self) -> str:
        return self._session.config.describe(self, **asdict(self._query))


def _id_of(identified: tuple[str, object]) -> str:
    return identified[0]


def _converted(page: Page[dict[str, Any]], convert: Callable[[dict[str, Any]], T]) -> Page[T]:
    return cast("Page[T]", evolve(cast("Page[Any]", page), results=tuple(convert(each) for each in page.results)))
