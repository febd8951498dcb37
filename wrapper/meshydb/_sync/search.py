# Derived from _async by scripts/derive_sync.py; do not edit.
"""The users that a search finds, page by page."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from attrs import asdict

from meshydb import _operations
from meshydb._core.raw import RawCalls, raw
from meshydb._models import Page, User
from meshydb._sync.pages import each_result

if TYPE_CHECKING:
    from meshydb._operations import UserQuery
    from meshydb._sync.driver import Session


class UserSearchWithRawResponse(RawCalls):
    """The call of a search, with the same arguments and errors. It returns a `RawResponse`."""

    def __init__(self, search: "UserSearch") -> None:
        self.page = raw(search.page)


class UserSearch:
    """A search of users, returned by `search` of a users service. Iterate over it, or request a page.

    Iteration requests pages as the loop needs them, and returns each user once, even if users are created meanwhile. It
    ends at the last page that the service reports, at an empty page, or after three pages without a new user. Each
    iteration is a new search. If users are deleted during an iteration, others move to pages that were read before, and
    the iteration misses them: collect the users before you delete any. Each request can raise the errors of every call
    of the connection, and:

    * BadRequestError: The sort document is malformed.
    * PermissionDeniedError: The user may not read users.
    """

    def __init__(self, session: "Session", query: "UserQuery") -> None:
        self._session = session
        self._query = query

    @property
    def with_raw_response(self) -> UserSearchWithRawResponse:
        """The same search. `page` returns a `RawResponse`."""
        return UserSearchWithRawResponse(self)

    def page(self, number: int) -> Page[User]:
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
        return self._session.call(_operations.search_users(self._session.config, self._query, number))

    def __iter__(self) -> Iterator[User]:
        for user in each_result(self, lambda user: user.id):
            yield user

    def __repr__(self) -> str:
        return self._session.config.describe(self, **asdict(self._query))
