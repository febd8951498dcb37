"""What searches find, page by page."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from attrs import asdict

from meshydb import _operations
from meshydb._async.pages import each_result
from meshydb._core.raw import RawCalls, async_raw
from meshydb._models import Page, Permissible, Permission, Role, User

if TYPE_CHECKING:
    from meshydb._async.driver import AsyncSession
    from meshydb._operations import NameQuery, PermissionQuery, UserQuery


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


class AsyncRoleSearchWithRawResponse(RawCalls):
    """The call of a search, with the same arguments and errors. It returns a `RawResponse`."""

    def __init__(self, search: "AsyncRoleSearch") -> None:
        self.page = async_raw(search.page)


class AsyncRoleSearch:
    """A search of roles, returned by `search` of a roles service. Iterate over it, or request a page.

    Iteration requests pages as the loop needs them, and returns each role once, even if others are created
    meanwhile. Each iteration is a new search. A deletion moves others to pages that were read before, and the iteration
    misses them: collect the roles before you delete any. Each request can raise the errors of every call of the
    connection, and:

    * PermissionDeniedError: The user may not read roles.
    """

    def __init__(self, session: "AsyncSession", query: "NameQuery") -> None:
        self._session = session
        self._query = query

    @property
    def with_raw_response(self) -> AsyncRoleSearchWithRawResponse:
        """The same search. `page` returns a `RawResponse`."""
        return AsyncRoleSearchWithRawResponse(self)

    async def page(self, number: int) -> Page[Role]:
        """Request one page.

        From `GET /{accountName}/roles`. Needs the permission `roles:read`.

        Args:
            number: The number of the page, from 1 to 2147483647.

        Returns:
            The roles of that page, and the number on all pages. A page after the last one is empty.

        Raises:
            PermissionDeniedError: The user may not read roles.
            MeshyError: As every call.
        """
        return await self._session.call(_operations.search_roles(self._session.config, self._query, number))

    async def __aiter__(self) -> AsyncIterator[Role]:
        async for role in each_result(self, lambda role: role.id):
            yield role

    def __repr__(self) -> str:
        return self._session.config.describe(self, **asdict(self._query))


class AsyncPermissionSearchWithRawResponse(RawCalls):
    """The call of a search, with the same arguments and errors. It returns a `RawResponse`."""

    def __init__(self, search: "AsyncPermissionSearch") -> None:
        self.page = async_raw(search.page)


class AsyncPermissionSearch:
    """A search of permissions, returned by `search` of a permissions service. Iterate over it, or request a page.

    Iteration requests pages as the loop needs them, and returns each permission once, even if others are created
    meanwhile. Each iteration is a new search. A deletion moves others to pages that were read before, and the iteration
    misses them: collect the permissions before you delete any. Each request can raise the errors of every call of the
    connection, and:

    * NotFoundError: There is no such role (`unknown_role`).
    * PermissionDeniedError: The user may not read roles.
    """

    def __init__(self, session: "AsyncSession", query: "PermissionQuery") -> None:
        self._session = session
        self._query = query

    @property
    def with_raw_response(self) -> AsyncPermissionSearchWithRawResponse:
        """The same search. `page` returns a `RawResponse`."""
        return AsyncPermissionSearchWithRawResponse(self)

    async def page(self, number: int) -> Page[Permission]:
        """Request one page.

        From `GET /{accountName}/roles/{roleId}/permissions`. Needs the permission `roles:read`.

        Args:
            number: The number of the page, from 1 to 2147483647.

        Returns:
            The permissions of that page, and the number on all pages. A page after the last one is empty.

        Raises:
            NotFoundError: There is no such role (`unknown_role`).
            PermissionDeniedError: The user may not read roles.
            MeshyError: As every call.
        """
        return await self._session.call(_operations.search_permissions(self._session.config, self._query, number))

    async def __aiter__(self) -> AsyncIterator[Permission]:
        async for permission in each_result(self, lambda permission: permission.id):
            yield permission

    def __repr__(self) -> str:
        return self._session.config.describe(self, **asdict(self._query))


class AsyncPermissibleSearchWithRawResponse(RawCalls):
    """The call of a search, with the same arguments and errors. It returns a `RawResponse`."""

    def __init__(self, search: "AsyncPermissibleSearch") -> None:
        self.page = async_raw(search.page)


class AsyncPermissibleSearch:
    """A search of permissibles, returned by `permissibles` of a roles service. Iterate over it, or request a page.

    Iteration requests pages as the loop needs them, and returns each permissible once, even if meshes are created
    meanwhile. Each iteration is a new search. Each request can raise the errors of every call of the connection, and:

    * PermissionDeniedError: The user may not read roles.
    """

    def __init__(self, session: "AsyncSession", query: "NameQuery") -> None:
        self._session = session
        self._query = query

    @property
    def with_raw_response(self) -> AsyncPermissibleSearchWithRawResponse:
        """The same search. `page` returns a `RawResponse`."""
        return AsyncPermissibleSearchWithRawResponse(self)

    async def page(self, number: int) -> Page[Permissible]:
        """Request one page.

        From `GET /{accountName}/permissibles`. Needs the permission `roles:read`.

        Args:
            number: The number of the page, from 1 to 2147483647.

        Returns:
            The permissibles of that page, and the number on all pages. A page after the last one is empty.

        Raises:
            PermissionDeniedError: The user may not read roles.
            MeshyError: As every call.
        """
        return await self._session.call(_operations.search_permissibles(self._session.config, self._query, number))

    async def __aiter__(self) -> AsyncIterator[Permissible]:
        async for permissible in each_result(self, lambda permissible: permissible.name):
            yield permissible

    def __repr__(self) -> str:
        return self._session.config.describe(self, **asdict(self._query))
