"""The users service of a connection."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from meshydb import _operations
from meshydb._async.search import AsyncUserSearch
from meshydb._core.raw import RawCalls, async_raw
from meshydb._models import NewUser, SecurityQuestion, User, UserUpdate

if TYPE_CHECKING:
    from meshydb._async.driver import AsyncSession


class AsyncUsersWithRawResponse(RawCalls):
    """The calls of a users service, with the same arguments and errors. Each returns a `RawResponse`."""

    def __init__(self, users: "AsyncUsersService") -> None:
        self.get_self = async_raw(users.get_self)
        self.update_self = async_raw(users.update_self)
        self.update_security_questions = async_raw(users.update_security_questions)
        self.create = async_raw(users.create)
        self.get = async_raw(users.get)
        self.update = async_raw(users.update)
        self.delete = async_raw(users.delete)
        self.update_user_security_questions = async_raw(users.update_user_security_questions)


class AsyncUsersService:
    """The users of a tenant: `users` of a connection.

    Every call can raise the errors that every call of the connection can raise, besides its own. Calls that concern
    other users need a permission. Without it they raise PermissionDeniedError.
    """

    def __init__(self, session: "AsyncSession") -> None:
        self._session = session

    @property
    def with_raw_response(self) -> AsyncUsersWithRawResponse:
        """The same calls, which return a `RawResponse`: status, headers and body besides the result."""
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

        From `PUT /{accountName}/users/me`. Replaces names, phone number and email address: None removes a value.

        Args:
            user: The new values: a `UserUpdate`, or the `User` that you read, changed with `attrs.evolve`. The username
                and the roles of that `User` must not change. Its other values are ignored.
            previous_password: The user's password, to confirm the change. Without it, a new address or number takes
                effect at once only shortly after a login by password. Otherwise it is pending for some days, and a
                password reset cancels it. A wrong password counts as a failed login, so the request is not retried
                if it is unclear whether it arrived.

        Returns:
            The changed user, including pending values.

        Raises:
            BadRequestError: An address or number is malformed, or required and missing, the username or roles differ,
                or the previous password is wrong.
            RateLimitError: Too many wrong passwords.
            MeshyError: As every call.
        """
        return await self._session.call(_operations.update_self(self._session.config, user, previous_password))

    async def update_security_questions(
        self, questions: Iterable[SecurityQuestion], *, previous_password: str | None = None
    ) -> None:
        """Set the security questions of the user who is logged in.

        From `POST /{accountName}/users/me/questions`. Replaces the whole set.

        Args:
            questions: From 1 to 10 questions, which replace all others.
            previous_password: The user's password, to make the change take effect at once; see `update_self`.

        Raises:
            BadRequestError: The tenant does not use security questions, the user is anonymous, or the previous
                password is wrong.
            RateLimitError: Too many wrong passwords.
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
        """Search users that match all arguments. Nothing is sent until you iterate over the result.

        From `GET /{accountName}/users`. Needs the permission `users:read`.

        Args:
            name: Part of the username, first name or last name, in any case, of at most 256 characters.
            role_id: The id of a role that the users hold, of 24 hexadecimal digits.
            order_by: The sort order: names of properties in the API, such as `{"lastName": 1, "username": -1}`, with 1
                for ascending or -1 for descending, the most important first; or the text of a MongoDB sort document,
                of at most 1024 characters.
            active_only: Whether to leave out inactive users.
            page_size: The number of users on a page, from 1 to 200.

        Returns:
            The search. Iterate over it for all users; its `page` returns one page and the total number of users.
        """
        query = _operations.UserQuery(
            name=name, role_id=role_id, order_by=order_by, active_only=active_only, page_size=page_size
        )
        return AsyncUserSearch(self._session, query)

    async def create(self, user: NewUser) -> User:
        """Create a user.

        From `POST /{accountName}/users`. Needs the permission `users:create`.

        Args:
            user: The user. By default, the user is neither verified nor active.

        Returns:
            The new user, with its id.

        Raises:
            BadRequestError: The username is taken, the password is too common, an address or number is malformed, or
                required and missing, or a role does not exist.
            PermissionDeniedError: The caller may not create users, or a role has permissions that the caller lacks.
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
            PermissionDeniedError: The caller may not read users.
            MeshyError: As every call.
        """
        return await self._session.call(_operations.get_user(self._session.config, user_id))

    async def update(self, user_id: str, user: User | UserUpdate, *, previous_password: str | None = None) -> User:
        """Change a user.

        From `PUT /{accountName}/users/{id}`. Needs the permission `users:update`. Replaces names, phone number and
        email address: None removes a value.

        Args:
            user_id: The id of the user, of 24 hexadecimal digits.
            user: The new values: a `UserUpdate`, or the `User` that you read, changed with `attrs.evolve`. The username
                and the roles of that `User` must not change. Its other values are ignored.
            previous_password: The caller's password, for a change of the caller's own user; see `update_self`. Changes
                of other users take effect at once.

        Returns:
            The changed user.

        Raises:
            BadRequestError: An address or number is malformed, or required and missing, the username or roles differ,
                the previous password is wrong, or no active user who may update roles would be left.
            NotFoundError: There is no such user.
            PermissionDeniedError: The caller may not update users, or the user has permissions that the caller lacks.
            MeshyError: As every call.
        """
        operation = _operations.update_user(self._session.config, user_id, user, previous_password)
        return await self._session.call(operation)

    async def delete(self, user_id: str) -> None:
        """Delete a user permanently.

        From `DELETE /{accountName}/users/{id}`. Needs the permission `users:delete`.

        Args:
            user_id: The id of the user, of 24 hexadecimal digits; not the caller's own.

        Raises:
            BadRequestError: The user is the caller, or the last one who may update roles.
            NotFoundError: There is no such user.
            PermissionDeniedError: The caller may not delete users, or the user has permissions that the caller lacks.
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
            questions: From 1 to 10 questions, which replace all others.
            previous_password: The caller's password, for the caller's own questions; see `update_self`.

        Raises:
            BadRequestError: The tenant does not use security questions, the user is anonymous, or the previous
                password is wrong.
            NotFoundError: There is no such user.
            PermissionDeniedError: The caller may not update users, or the user has permissions that the caller lacks.
            MeshyError: As every call.
        """
        operation = _operations.update_user_security_questions(
            self._session.config, user_id, questions, previous_password
        )
        await self._session.call(operation)

    def __repr__(self) -> str:
        return self._session.config.describe(self)
