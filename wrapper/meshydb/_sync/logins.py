# Derived from _async by scripts/derive_sync.py; do not edit.
"""The login methods of a client."""

from typing import TYPE_CHECKING

from meshydb import _operations
from meshydb._models import Tokens
from meshydb._sync.connection import MeshyConnection

if TYPE_CHECKING:
    from meshydb._operations import Operation
    from meshydb._sync.driver import Driver

# Anonymous users have no password, but the service requires this value.
_NO_PASSWORD = "nopassword"  # noqa: S105


class Logins:
    """The login methods of a client."""

    _driver: "Driver"

    def login(self, username: str, password: str) -> MeshyConnection:
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
        return self._log_in(_operations.log_in(self._driver.config, username, password))

    def login_anonymously(self, username: str) -> MeshyConnection:
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
        return self._log_in(_operations.log_in(self._driver.config, username, _NO_PASSWORD))

    def login_with_refresh(self, refresh_token: str) -> MeshyConnection:
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
        return self._log_in(_operations.refresh(self._driver.config, refresh_token))

    def _log_in(self, operation: "Operation[Tokens]") -> MeshyConnection:
        return MeshyConnection(self._driver.connect(self._driver.call(operation)))
