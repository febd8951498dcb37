"""Users, for whoever is logged in."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from meshydb import _operations
from meshydb._async.raw import AsyncUsersWithRawResponse
from meshydb._async.search import AsyncUserSearch
from meshydb._models import NewUser, SecurityQuestion, User, UserUpdate

if TYPE_CHECKING:
    from meshydb._async.driver import AsyncSession


class AsyncUsersService:
    """The users of a tenant, as `users` of a connection.

    Every call raises what the calls of the connection raise, besides what stands with it. For what concerns others than
    oneself, a permission is needed, without which the service refuses with a PermissionDeniedError.
    """

    def __init__(self, session: "AsyncSession") -> None:
        self._session = session

    @property
    def with_raw_response(self) -> AsyncUsersWithRawResponse:
        """The same calls, each of which returns a `RawResponse`: status, headers and body, besides the result."""
        return AsyncUsersWithRawResponse(self)

    async def get_self(self) -> User:
        """Read the user who is logged in.

        From `GET /{accountName}/users/me`.

        Returns:
            The user.

        Raises:
            MeshyError: As every call.
        """
        return await self._session.call(_operations.get_self(self._session.config))

    async def update_self(self, user: User | UserUpdate, *, previous_password: str | None = None) -> User:
        """Change the user who is logged in.

        From `PUT /{accountName}/users/me`. Replaces names, phone number and email address: what is None is removed.

        Args:
            user: What the user is to be: a `UserUpdate`, or the `User` that was read, changed with `attrs.evolve`. All
                else in that `User` is ignored, but for the username and the roles, which must not differ.
            previous_password: The user's password, which proves that it is they who ask. Without it, a new address or
                number takes effect at once only after a login by password a short time ago, and otherwise after some
                days: until then it is pending, and a password reset cancels it. A wrong one counts as a wrong password
                of a login, so that the request is not retried when it is unclear whether it arrived.

        Returns:
            The user, changed, with what is pending.

        Raises:
            BadRequestError: An address or number is malformed, or needed and missing, the username or roles differ, or
                the previous password is wrong.
            RateLimitError: There were too many wrong passwords.
            MeshyError: As every call.
        """
        return await self._session.call(_operations.update_self(self._session.config, user, previous_password))

    async def update_security_questions(
        self, questions: Iterable[SecurityQuestion], *, previous_password: str | None = None
    ) -> None:
        """Set the security questions of the user who is logged in.

        From `POST /{accountName}/users/me/questions`. Replaces the whole set.

        Args:
            questions: The questions that are to be the only ones, from 1 to 10.
            previous_password: The user's password, which lets them take effect at once; see `update_self`.

        Raises:
            BadRequestError: The tenant does not ask security questions, the user is anonymous, or the previous password
                is wrong.
            RateLimitError: There were too many wrong passwords.
            MeshyError: As every call.
        """
        operation = _operations.update_security_questions(self._session.config, questions, previous_password)
        await self._session.call(operation)

    def search(
        self,
        name: str | None = None,
        *,
        role_id: str | None = None,
        order_by: str | Mapping[str, int] | None = None,
        active_only: bool = True,
        page_size: int = 25,
    ) -> AsyncUserSearch:
        """Search users. What is given narrows the search together. Nothing is sent until it is iterated over.

        From `GET /{accountName}/users`. Needs the permission `users:read`.

        Args:
            name: Part of the username, first name or last name, without regard to case, of at most 256 characters.
            role_id: A role that the users hold, of 24 hexadecimal digits.
            order_by: How to sort: properties as the service calls them, such as `{"lastName": 1, "username": -1}`, each
                with 1 for ascending or -1 for descending, the first counting most; or the text of a MongoDB sort
                document, of at most 1024 characters.
            active_only: Whether to leave out users who are not active.
            page_size: How many users to ask for at once, from 1 to 200.

        Returns:
            The users who are found, to iterate over; `page` gives one page of them, with how many there are.
        """
        query = _operations.UserQuery(
            name=name, role_id=role_id, order_by=order_by, active_only=active_only, page_size=page_size
        )
        return AsyncUserSearch(self._session, query)

    async def create(self, user: NewUser) -> User:
        """Create a user.

        From `POST /{accountName}/users`. Needs the permission `users:create`.

        Args:
            user: The user, who is neither verified nor active unless it says so.

        Returns:
            The user, with the id.

        Raises:
            BadRequestError: The username is taken, the password is too common, an address or number is malformed, or
                needed and missing, or a role does not exist.
            PermissionDeniedError: The caller may not create users, or a role permits more than the caller may do.
            MeshyError: As every call.
        """
        return await self._session.call(_operations.create_user(self._session.config, user))

    async def get(self, user_id: str) -> User:
        """Read a user.

        From `GET /{accountName}/users/{id}`. Needs the permission `users:read`.

        Args:
            user_id: The id of the user, of 24 hexadecimal digits.

        Returns:
            The user.

        Raises:
            NotFoundError: There is no such user.
            PermissionDeniedError: The user may not read users.
            MeshyError: As every call.
        """
        return await self._session.call(_operations.get_user(self._session.config, user_id))

    async def update(self, user_id: str, user: User | UserUpdate, *, previous_password: str | None = None) -> User:
        """Change a user.

        From `PUT /{accountName}/users/{id}`. Needs the permission `users:update`. Replaces names, phone number and
        email address: what is None is removed.

        Args:
            user_id: The id of the user, of 24 hexadecimal digits.
            user: What the user is to be: a `UserUpdate`, or the `User` that was read, changed with `attrs.evolve`. All
                else in that `User` is ignored, but for the username and the roles, which must not differ.
            previous_password: The caller's password, for a change of themselves; see `update_self`. Another user is
                changed at once.

        Returns:
            The user, changed.

        Raises:
            BadRequestError: An address or number is malformed, or needed and missing, the username or roles differ, the
                previous password is wrong, or the last user who may update roles would not be active.
            NotFoundError: There is no such user.
            PermissionDeniedError: The caller may not update users, or the user may do more than the caller.
            MeshyError: As every call.
        """
        operation = _operations.update_user(self._session.config, user_id, user, previous_password)
        return await self._session.call(operation)

    async def delete(self, user_id: str) -> None:
        """Delete a user, for good.

        From `DELETE /{accountName}/users/{id}`. Needs the permission `users:delete`.

        Args:
            user_id: The id of the user, of 24 hexadecimal digits; not one's own.

        Raises:
            BadRequestError: Nobody can delete themselves, or the last user who may update roles.
            NotFoundError: There is no such user.
            PermissionDeniedError: The caller may not delete users, or the user may do more than the caller.
            MeshyError: As every call.
        """
        await self._session.call(_operations.delete_user(self._session.config, user_id))

    async def update_user_security_questions(
        self, user_id: str, questions: Iterable[SecurityQuestion], *, previous_password: str | None = None
    ) -> None:
        """Set the security questions of a user.

        From `POST /{accountName}/users/{id}/questions`. Needs the permission `users:update`. Replaces the whole set.

        Args:
            user_id: The id of the user, of 24 hexadecimal digits.
            questions: The questions that are to be the only ones, from 1 to 10.
            previous_password: The caller's password, for questions of their own; see `update_self`.

        Raises:
            BadRequestError: The tenant does not ask security questions, the user is anonymous, or the previous password
                is wrong.
            NotFoundError: There is no such user.
            PermissionDeniedError: The caller may not update users, or the user may do more than the caller.
            MeshyError: As every call.
        """
        operation = _operations.update_user_security_questions(
            self._session.config, user_id, questions, previous_password
        )
        await self._session.call(operation)

    def __repr__(self) -> str:
        return self._session.config.shown(self)
