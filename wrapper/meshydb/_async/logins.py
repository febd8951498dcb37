"""The login methods of a client."""

from typing import TYPE_CHECKING

from meshydb import _operations
from meshydb._async.connection import AsyncMeshyConnection
from meshydb._models import Tokens

if TYPE_CHECKING:
    from meshydb._async.driver import AsyncDriver
    from meshydb._operations import Operation

# Anonymous users have no password, but the service requires this value.
_NO_PASSWORD = "nopassword"  # noqa: S105


class AsyncLogins:
    """The login methods of a client."""

    _driver: "AsyncDriver"

    async def login(self, username: str, password: str) -> AsyncMeshyConnection:
        """Log a user in.

        From `POST /{accountName}/connect/token`, at the auth host.

        Args:
            username: The user, of 1 to 256 characters without control characters.
            password: The password, of 1 to 1024 characters.

        Returns:
            A connection that makes requests for the user.

        Raises:
            BadRequestError: The username or password is wrong, the user is inactive or not verified, or the public key
                is not the tenant's. `code` is a code of OAuth 2, such as `invalid_grant`.
            MeshyError: As every call.
        """
        return await self._log_in(_operations.log_in(self._driver.config, username, password))

    async def login_anonymously(self, username: str) -> AsyncMeshyConnection:
        """Log in an anonymous user that `register_anonymous_user` created.

        From `POST /{accountName}/connect/token`, at the auth host.

        Args:
            username: The user, of 1 to 256 characters without control characters.

        Returns:
            A connection that makes requests for the user.

        Raises:
            BadRequestError: There is no such anonymous user, or the public key is not the tenant's.
            MeshyError: As every call.
        """
        return await self._log_in(_operations.log_in(self._driver.config, username, _NO_PASSWORD))

    async def login_with_refresh(self, refresh_token: str) -> AsyncMeshyConnection:
        """Resume an earlier login.

        From `POST /{accountName}/connect/token`, at the auth host.

        Args:
            refresh_token: The result of a connection's `retrieve_refresh_token`, of 1 to 256 characters.

        Returns:
            A connection that makes requests for the user.

        Raises:
            BadRequestError: The refresh token is unknown, expired or revoked, or belongs to another tenant.
            MeshyError: As every call.
        """
        return await self._log_in(_operations.refresh(self._driver.config, refresh_token))

    async def _log_in(self, operation: "Operation[Tokens]") -> AsyncMeshyConnection:
        return AsyncMeshyConnection(self._driver.connect(await self._driver.call(operation)))
