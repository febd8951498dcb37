"""What a user who is logged in can do."""

from typing import TYPE_CHECKING, Self

from meshydb import _operations
from meshydb._async.raw import AsyncConnectionWithRawResponse
from meshydb._async.users import AsyncUsersService
from meshydb._config import AS_BEFORE, changed
from meshydb._exceptions import MeshyError
from meshydb._models import CurrentUser

if TYPE_CHECKING:
    import httpx

    from meshydb._async.driver import AsyncSession


class AsyncMeshyConnection:
    """A user's login. The login methods of a client make one.

    Shares the HTTP connections and the settings of its client, and is closed with it; may be shared by threads or by
    tasks. Its access token is renewed shortly before it expires, and once when the service refuses it. A `with` or
    `async with` statement signs out at its end.

    Every call raises, besides what stands with it:

    * TypeError or ValueError: An argument is wrong. Nothing was sent.
    * AuthenticationError: The login has expired or was ended, or the user cannot be found any more: log in again.
    * RateLimitError: Too many requests; `retry_after` tells how long to wait.
    * APIStatusError: The service answered with another status that is not a success.
    * APIResponseError: The service reported success with a body that is not what the contract says.
    * APITimeoutError: The service did not answer in time. It may have done what it was asked.
    * APIConnectionError: No usable answer arrived. The service may have done what it was asked, unless the error's
      `may_have_been_processed` is False.
    * RuntimeError: The connection is signed out, or its client is closed or belongs to another process or event loop.
    """

    def __init__(self, session: "AsyncSession") -> None:
        self._session = session
        self._users = AsyncUsersService(session)

    @property
    def current_user(self) -> CurrentUser:
        """The user who is logged in, as the access token tells it: nothing is sent, and the signature is not checked.

        Raises:
            MeshyError: The access token does not tell.
            RuntimeError: The connection is signed out.
        """
        return self._session.login.current_user

    @property
    def users(self) -> AsyncUsersService:
        """The users of the tenant, oneself among them."""
        return self._users

    def with_options(
        self, *, timeout: "float | httpx.Timeout | None" = AS_BEFORE, max_retries: int = AS_BEFORE
    ) -> Self:
        """Make a connection of other settings, of the same login and over the same HTTP connections. Nothing is sent.

        When the login is renewed or ended in one of them, it is in the other.

        Args:
            timeout: As of the client. None goes back to the default.
            max_retries: As of the client.

        Returns:
            The connection, which can be used for one call or kept.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A setting cannot be used.
        """
        config = changed(self._session.config, timeout=timeout, max_retries=max_retries)
        return type(self)(self._session.derive(config))

    @property
    def with_raw_response(self) -> AsyncConnectionWithRawResponse:
        """The same calls, each of which returns a `RawResponse`: status, headers and body, besides the result."""
        return AsyncConnectionWithRawResponse(self)

    async def update_password(self, previous_password: str, new_password: str) -> None:
        """Change the password of the user who is logged in, which ends all other logins of the user.

        From `POST /{accountName}/users/me/password`.

        Args:
            previous_password: The password until now, of 1 to 1024 characters.
            new_password: The password from now on, of 8 to 128 characters.

        Raises:
            BadRequestError: The previous password is wrong, the new one is too common, or the user is anonymous.
            MeshyError: As every call.
        """
        await self._session.call(_operations.update_password(self._session.config, previous_password, new_password))

    async def signout(self) -> None:
        """Log out: from then on, neither the access token nor the refresh token is good for anything.

        From `POST /{accountName}/connect/revocation`. Afterwards, this connection refuses use; to sign out again does
        nothing. When the service could not be told, the login goes on, and `signout` can be tried again.

        Raises:
            BadRequestError: The service refuses, such as for a public key of another tenant.
            NotFoundError: There is no such account or tenant; `code` tells which.
            MeshyError: As every call.
        """
        await self._session.end()

    def retrieve_refresh_token(self) -> str | None:
        """Return the refresh token, from which `login_with_refresh` makes a connection later. Nothing is sent.

        Returns:
            A secret, to be kept like a password; None if the service gave none, or after `signout`.
        """
        return self._session.login.refresh_token

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        try:
            await self.signout()
        except (MeshyError, RuntimeError):
            # What went wrong in the block is what the caller has to hear of.
            if error is None:
                raise

    def __repr__(self) -> str:
        return self._session.config.shown(self)
