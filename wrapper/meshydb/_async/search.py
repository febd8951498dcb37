"""The users that a search finds, page by page."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from attrs import asdict

from meshydb import _operations
from meshydb._async.pages import each_result
from meshydb._core.raw import RawCalls, async_raw
from meshydb._models import Page, User

if TYPE_CHECKING:
    from meshydb._async.driver import AsyncSession
    from meshydb._operations import UserQuery


class AsyncUserSearchWithRawResponse(RawCalls):
    """The call of a search, with the same arguments and errors. It returns a `RawResponse`."""

    def __init__(self, search: "AsyncUserSearch") -> None:
        self.page = async_raw(search.page)


class AsyncUserSearch:
    """A search of users, returned by `search` of a users service. Iterate over it, or request a page.

    Iteration requests pages as the loop needs them, and returns each user once, even if users are created meanwhile. It
    ends at the last page that the service reports, at an empty page, or after three pages without a new user. Each
    iteration is a new search. If users are deleted during an iteration, others move to pages that were read before, and
    the iteration misses them: collect the users before you delete any. Each request can raise the errors of every call
    of the connection, and:

    * BadRequestError: The sort document is malformed.
    * PermissionDeniedError: The user may not read users.
    """

    def __init__(self, session: "AsyncSession", query: "UserQuery") -> None:
        self._session = session
        self._query = query

    @property
    def with_raw_response(self) -> AsyncUserSearchWithRawResponse:
        """The same search. `page` returns a `RawResponse`."""
        return AsyncUserSearchWithRawResponse(self)

    async def page(self, number: int) -> Page[User]:
        """Request one page.

        From `GET /{accountName}/users`. Needs the permission `users:read`.

        Args:
            number: The number of the page, from 1 to 2147483647.

        Returns:
            The users of that page, and the number of users on all pages. A page after the last one is empty.

        Raises:
            BadRequestError: The sort document is malformed.
            PermissionDeniedError: The user may not read users.
            MeshyError: As every call.
        """
        return await self._session.call(_operations.search_users(self._session.config, self._query, number))

    async def __aiter__(self) -> AsyncIterator[User]:
        async for user in each_result(self, lambda user: user.id):
            yield user

    def __repr__(self) -> str:
        return self._session.config.describe(self, **asdict(self._query))
