# Derived from _async by scripts/derive_sync.py; do not edit.
"""The connection of a user who is logged in."""

from typing import TYPE_CHECKING, Self

from meshydb import _operations
from meshydb._config import AS_BEFORE, changed
from meshydb._core.raw import RawCalls, raw
from meshydb._exceptions import MeshyError
from meshydb._models import CurrentUser
from meshydb._sync.meshes.service import MeshesService
from meshydb._sync.projections import ProjectionsService
from meshydb._sync.roles import RolesService
from meshydb._sync.users import UsersService

if TYPE_CHECKING:
    import httpx

    from meshydb._sync.driver import Session


class ConnectionWithRawResponse(RawCalls):
    """The calls of a connection, with the same arguments and errors. Each returns a `RawResponse`.

    One difference: a second `signout` sends nothing, so it raises RuntimeError here.
    """

    def __init__(self, connection: "MeshyConnection") -> None:
        self.update_password = raw(connection.update_password)
        self.signout = raw(connection.signout)


class MeshyConnection:
    """A user's login. The login methods of a client return one.

    A connection reuses the connection pool and the settings of its client, and is closed with it. Threads or tasks can
    share it. It renews its access token shortly before it expires, and once if the service rejects it. A `with` or
    `async with` statement signs out at its end.

    Every call can raise these errors, besides its own:

    * TypeError or ValueError: An argument is invalid. Nothing was sent.
    * AuthenticationError: The login has expired or was ended, or the user no longer exists: log in again.
    * RateLimitError: Too many requests; `retry_after` says how long to wait.
    * APIStatusError: The response has another status outside 200 to 299.
    * APIResponseError: The response is a success, but its body does not match the contract.
    * APITimeoutError: The response did not arrive in time. The request may have been processed, unless the error's
      `may_have_been_processed` is False.
    * APIConnectionError: No usable response arrived. The request may have been processed, unless the error's
      `may_have_been_processed` is False.
    * RuntimeError: The connection is signed out, or its client is closed or belongs to another process or event loop.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._users = UsersService(session)
        self._roles = RolesService(session)
        self._meshes = MeshesService(session)
        self._projections = ProjectionsService(session)

    @property
    def current_user(self) -> CurrentUser:
        """The user who is logged in, read from the access token. Nothing is sent, and the signature is not checked.

        Raises:
            MeshyError: The access token does not hold the user's claims.
            RuntimeError: The connection is signed out.
        """
        return self._session.login.current_user

    @property
    def users(self) -> UsersService:
        """The users of the tenant, including the user who is logged in."""
        return self._users

    @property
    def roles(self) -> RolesService:
        """The roles of the tenant, their permissions and their users."""
        return self._roles

    @property
    def meshes(self) -> MeshesService:
        """The documents of the tenant."""
        return self._meshes

    @property
    def projections(self) -> ProjectionsService:
        """The projections of the tenant: stored queries on its documents."""
        return self._projections

    def with_options(
        self, *, timeout: "float | httpx.Timeout | None" = AS_BEFORE, max_retries: int = AS_BEFORE
    ) -> Self:
        """Make a copy of this connection with other settings, the same login and connection pool. Nothing is sent.

        Renewing or ending the login in one of them does so in the other.

        Args:
            timeout: As for the client. None restores the default.
            max_retries: As for the client.

        Returns:
            The copy. Use it for one call, or keep it.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A setting has an invalid value.
        """
        config = changed(self._session.config, timeout=timeout, max_retries=max_retries)
        return type(self)(self._session.derive(config))

    @property
    def with_raw_response(self) -> ConnectionWithRawResponse:
        """The same calls, which return a `RawResponse`: status, headers and body besides the result."""
        return ConnectionWithRawResponse(self)

    def update_password(self, previous_password: str, new_password: str) -> None:
        """Change the password of the user who is logged in. This ends all other logins of the user.

        From `POST /{accountName}/users/me/password`.

        Args:
            previous_password: The current password, of 1 to 1024 characters.
            new_password: The new password, of 8 to 128 characters.

        Raises:
            BadRequestError: The previous password is wrong, the new one is too common, or the user is anonymous.
            MeshyError: As every call.
        """
        self._session.call(_operations.update_password(self._session.config, previous_password, new_password))

    def signout(self) -> None:
        """Log out. This revokes the access token and the refresh token.

        From `POST /{accountName}/connect/revocation`. Further calls raise RuntimeError, and a second `signout` does
        nothing. If the request fails, the connection keeps its login, and you can call `signout` again.

        Raises:
            BadRequestError: The service rejects the request, for example if the public key is another tenant's.
            NotFoundError: The account or tenant does not exist; `code` says which.
            MeshyError: As every call.
        """
        self._session.end()

    def retrieve_refresh_token(self) -> str | None:
        """Return the refresh token. Pass it to `login_with_refresh` later. Nothing is sent.

        Returns:
            The token. Keep it as secret as a password. None if the service issued none, or after `signout`.
        """
        return self._session.login.refresh_token

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        try:
            self.signout()
        except (MeshyError, RuntimeError):
            # The error of the block is more important to the caller.
            if error is None:
                raise

    def __repr__(self) -> str:
        return self._session.config.describe(self)
