# Derived from _async by scripts/derive_sync.py; do not edit.
"""The projections service of a connection."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import asdict

from meshydb import _operations
from meshydb._core.raw import RawCalls, raw
from meshydb._models import Page
from meshydb._sync.pages import each_page

if TYPE_CHECKING:
    from meshydb._operations import ProjectionQuery
    from meshydb._sync.driver import Session


class ProjectionSearchWithRawResponse(RawCalls):
    """The call of a search, with the same arguments and errors. It returns a `RawResponse`."""

    def __init__(self, search: "ProjectionSearch") -> None:
        self.page = raw(search.page)


class ProjectionSearch:
    """The results of a projection, returned by `get` of a projections service. Iterate over it, or request a page.

    Iteration requests pages as the loop needs them. Each iteration is a new search. Results have no ids, so if the
    data changes meanwhile, the iteration can return a result twice or miss one. Each request can raise the errors of
    every call of the connection, and:

    * BadRequestError: The filter (`filter_invalid`) or the order (`order_invalid`) is malformed or not supported.
    * NotFoundError: There is no such projection (`unknown_projection`).
    * PermissionDeniedError: The user may not read projections.
    * RateLimitError: The projection took too long (`query_timeout`) or reads too many documents (`query_too_large`).
    """

    def __init__(self, session: "Session", query: "ProjectionQuery") -> None:
        self._session = session
        self._query = query

    @property
    def with_raw_response(self) -> ProjectionSearchWithRawResponse:
        """The same search. `page` returns a `RawResponse`."""
        return ProjectionSearchWithRawResponse(self)

    def page(self, number: int) -> Page[dict[str, Any]]:
        """Request one page.

        From `GET /{accountName}/projections/{projectionName}`. Needs the permission `projections:read`.

        Args:
            number: The number of the page, from 1 to 2147483647.

        Returns:
            The results of that page, and the number on all pages. A page after the last one is empty.

        Raises:
            BadRequestError: The filter (`filter_invalid`) or the order (`order_invalid`) is malformed or not supported.
            NotFoundError: There is no such projection (`unknown_projection`).
            PermissionDeniedError: The user may not read projections.
            RateLimitError: The projection took too long (`query_timeout`) or reads too many documents
                (`query_too_large`).
            MeshyError: As every call.
        """
        return self._session.call(_operations.search_projection(self._session.config, self._query, number))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for page in each_page(self):
            for result in page.results:
                yield result

    def __repr__(self) -> str:
        return self._session.config.describe(self, **asdict(self._query))


class ProjectionsService:
    """The projections of a tenant: `projections` of a connection.

    A projection is a stored query on a mesh, which the operator of the server defines.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session

    def get(
        self,
        name: str,
        *,
        filter: Mapping[str, Any] | str | None = None,
        order_by: Mapping[str, int] | str | None = None,
        page_size: int = 25,
    ) -> ProjectionSearch:
        """Search the results of a projection. Nothing is sent until you iterate over the result.

        From `GET /{accountName}/projections/{projectionName}`. Needs the permission `projections:read`.

        Args:
            name: The name of the projection, of 1 to 64 letters, digits, `.`, `_` and `-`, in any case.
            filter: Which results to find, as for the meshes service. None or blank text for all.
            order_by: How to sort them, as for the meshes service. None or blank text for the order of the projection.
            page_size: The number of results on a page, from 1 to 200.

        Returns:
            The search. Iterate over it for all results; its `page` returns one page and the total number.

        Raises:
            TypeError: A value in the filter has no JSON.
            ValueError: An argument is out of bounds.
        """
        query = _operations.ProjectionQuery(name=name, filter=filter, order_by=order_by, page_size=page_size)
        return ProjectionSearch(self._session, query)

    def __repr__(self) -> str:
        return self._session.config.describe(self)
