# Derived from _async by scripts/derive_sync.py; do not edit.
"""The public face of the package."""

from typing import Self, TypedDict, TypeVar, Unpack

import httpx

from meshydb import _operations
from meshydb._config import DEFAULT_MAX_RETRIES, TENANT_FROM_ENVIRONMENT, resolve
from meshydb._models import UserVerificationHash
from meshydb._operations import Operation
from meshydb._sync.driver import call
from meshydb._transport import new_client
from meshydb._validation import check_instance

T = TypeVar("T")


class ClientOptions(TypedDict, total=False):
    """The keyword arguments that all ways to make a client share."""

    base_url: str | None
    auth_url: str | None
    timeout: float | None
    max_retries: int
    http_client: httpx.Client | None


class MeshyClient:
    """A client of one tenant of a MeshyDB account.

    `MeshyClient` and `AsyncMeshyClient` have the same methods, which block in the one and are awaited in the other.
    Make one client and keep it: it holds a pool of connections, and may be shared by threads or by tasks. Close it
    when it is no longer needed, or use it in a `with` or `async with` statement.

    Args:
        account_name: The account to connect to; by default `MESHYDB_ACCOUNT_NAME`.
        tenant: The tenant whose data to use; by default `MESHYDB_TENANT`. None stands for the account's default tenant.
        public_key: Identifies your application; by default `MESHYDB_PUBLIC_KEY`.
        base_url: The API host; by default `MESHYDB_BASE_URL`, else the public service.
        auth_url: The host that issues tokens; by default `MESHYDB_AUTH_URL`, else `base_url` if that is given, else the
            public service.
        timeout: Seconds to wait for a connection, and for each piece of data that is sent or received. By default 30,
            or what `http_client` is set to.
        max_retries: How often a request is sent again, at most, when no connection was made, or when the service turned
            it away and said when to come back. Nothing is repeated that may have been carried out.
        http_client: The httpx client to send with, for proxies, certificates and the like. It stays open after `close`.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: The account name or the public key is missing, or a setting cannot be sent.
    """

    def __init__(
        self,
        account_name: str | None = None,
        tenant: str | None = TENANT_FROM_ENVIRONMENT,
        public_key: str | None = None,
        *,
        base_url: str | None = None,
        auth_url: str | None = None,
        timeout: float | None = None,
        max_retries: int = DEFAULT_MAX_RETRIES,
        http_client: httpx.Client | None = None,
    ) -> None:
        self._config = resolve(
            account_name=account_name,
            tenant=tenant,
            public_key=public_key,
            base_url=base_url,
            auth_url=auth_url,
            timeout=timeout,
            max_retries=max_retries,
        )
        self._owns_http_client = http_client is None
        self._http_client = (
            new_client() if http_client is None else check_instance("http_client", http_client, httpx.Client)
        )
        self._closed = False

    @classmethod
    def initialize(cls, account_name: str, public_key: str, **options: Unpack[ClientOptions]) -> Self:
        """Make a client of the account's default tenant.

        Args:
            account_name: The account to connect to.
            public_key: Identifies your application.
            **options: The keyword options of the class.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A setting cannot be sent.
        """
        return cls(account_name, None, public_key, **options)

    @classmethod
    def initialize_with_tenant(
        cls, account_name: str, tenant: str, public_key: str, **options: Unpack[ClientOptions]
    ) -> Self:
        """Make a client of one of the account's tenants.

        Args:
            account_name: The account to connect to.
            tenant: The tenant whose data to use.
            public_key: Identifies your application.
            **options: The keyword options of the class.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A setting cannot be sent.
        """
        # None would be the default tenant, which is not what was asked for.
        return cls(account_name, check_instance("tenant", tenant, str), public_key, **options)

    def forgot_password(self, username: str, attempt: int = 1) -> UserVerificationHash:
        """Ask for a password reset: the service sends the user a verification code.

        From `POST /{accountName}/users/forgotpassword`. Needs no access token.

        Args:
            username: The user whose password is to be reset, of 1 to 256 characters without control characters.
            attempt: Which number of request this is, from 1 to 2147483647.

        Returns:
            The request for a reset, to be sent back unchanged with the code; its `hint` tells the user where that went.

        Raises:
            TypeError: An argument has the wrong type. Nothing was sent.
            ValueError: An argument is out of bounds. Nothing was sent.
            BadRequestError: The service refuses the request, such as for an anonymous user.
            NotFoundError: There is no such account, tenant or user.
            RateLimitError: Too many requests; `retry_after` tells how long to wait.
            APIStatusError: The service answered with another status that is not a success.
            APIResponseError: The service reported success with a body that is not what the contract says.
            APITimeoutError: The service did not answer in time. The code may have been sent.
            APIConnectionError: No usable answer arrived. The code may have been sent.
            RuntimeError: The client is closed.
        """
        return self._call(_operations.forgot_password(self._config, username, attempt))

    def close(self) -> None:
        """Close the connections, unless they belong to an `http_client` that was handed in; then refuse further use."""
        self._closed = True
        if self._owns_http_client:
            self._http_client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        config = self._config
        return f"{type(self).__name__}({config.account_name!r}, {config.tenant!r}, base_url={config.base_url!r})"

    def _call(self, operation: Operation[T]) -> T:
        if self._closed:
            raise RuntimeError("This client is closed; make a new one.")
        return call(self._http_client, self._config, operation)
