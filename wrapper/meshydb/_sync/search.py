# Derived from _async by scripts/derive_sync.py; do not edit.
"""The users that a search finds, page by page."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from attrs import asdict

from meshydb import _operations
from meshydb._models import Page, User
from meshydb._sync.raw import UserSearchWithRawResponse

if TYPE_CHECKING:
    from meshydb._operations import UserQuery
    from meshydb._sync.driver import Session

# Users who are created during a search push others on to later pages, so that a small page may hold only users who were
# given already.
_MAX_PAGES_WITHOUT_NEW_USERS = 3


class UserSearch:
    """A search of users, as `search` of a users service makes one. Iterate over it, or ask for a page.

    To iterate asks for one page after the other, when it gets there, and gives each user once, also when others are
    created meanwhile. It ends where the service says that there are no more, at an empty page, or when page after page
    brings nobody new. To iterate anew searches anew. Users who are deleted meanwhile draw others on to pages that were
    asked for already, and these are not given: collect the users before you delete any. Each request raises what a call
    of the connection raises, and:

    * BadRequestError: The sort document is malformed.
    * PermissionDeniedError: The user may not read users.
    """

    def __init__(self, session: "Session", query: "UserQuery") -> None:
        self._session = session
        self._query = query

    @property
    def with_raw_response(self) -> UserSearchWithRawResponse:
        """The same search, whose pages come as a `RawResponse`."""
        return UserSearchWithRawResponse(self)

    def page(self, number: int) -> Page[User]:
        """Ask for one page.

        From `GET /{accountName}/users`. Needs the permission `users:read`.

        Args:
            number: Which page, from 1 to 2147483647.

        Returns:
            The users of that page, none beyond the last one, and how many there are on all pages.

        Raises:
            BadRequestError: The sort document is malformed.
            PermissionDeniedError: The user may not read users.
            MeshyError: As every call.
        """
        return self._session.call(_operations.search_users(self._session.config, self._query, number))

    def __iter__(self) -> Iterator[User]:
        known: set[str] = set()
        number = received = futile = 0
        while futile < _MAX_PAGES_WITHOUT_NEW_USERS:
            number += 1
            page = self.page(number)
            seen = len(known)
            for user in page.results:
                if user.id not in known:
                    known.add(user.id)
                    yield user
            received += len(page.results)
            futile = 0 if len(known) > seen else futile + 1
            if not page.results or received >= page.total_records:
                return

    def __repr__(self) -> str:
        return self._session.config.shown(self, **asdict(self._query))
