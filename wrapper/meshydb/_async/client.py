"""The client: operations without a login, and the login methods."""

from copy import copy
from typing import TYPE_CHECKING, Self, TypedDict, Unpack

from meshydb._async.logins import AsyncLogins
from meshydb._async.recovery import AsyncRecovery
from meshydb._async.registration import AsyncRegistration
from meshydb._config import AS_BEFORE, DEFAULT_MAX_RETRIES, TENANT_FROM_ENVIRONMENT, Config, changed, resolve
from meshydb._core.raw import RawCalls, async_raw
from meshydb._validation import check_instance

if TYPE_CHECKING:
    import httpx


class AsyncClientOptions(TypedDict, total=False):
    """The keyword arguments that all constructors of a client share."""

    base_url: str | None
    auth_url: str | None
    timeout: "float | httpx.Timeout | None"
    max_retries: int
    http_client: "httpx.AsyncClient | None"


class AsyncClientWithRawResponse(RawCalls):
    """The calls of a client, with the same arguments and errors. Each returns a `RawResponse`."""

    def __init__(self, client: "AsyncMeshyClient") -> None:
        self.login = async_raw(client.login)
        self.login_anonymously = async_raw(client.login_anonymously)
        self.login_with_refresh = async_raw(client.login_with_refresh)
        self.register_user = async_raw(client.register_user)
        self.register_anonymous_user = async_raw(client.register_anonymous_user)
        self.check_user_exist = async_raw(client.check_user_exist)
        self.forgot_password = async_raw(client.forgot_password)
        self.check_hash = async_raw(client.check_hash)
        self.reset_password = async_raw(client.reset_password)
        self.verify_user = async_raw(client.verify_user)


class AsyncMeshyClient(AsyncRecovery, AsyncRegistration, AsyncLogins):
    """A client of one tenant of a MeshyDB account.

    `MeshyClient` and `AsyncMeshyClient` have the same methods: they block in `MeshyClient`, and you await them in
    `AsyncMeshyClient`. Make one client and keep it. It holds a connection pool, and threads or tasks can share it.
    Close it at the end, or use it in a `with` or `async with` statement.

    A client belongs to the process that made it: after a fork, make a new client, and a new `http_client`, in each
    process. An `AsyncMeshyClient` also belongs to the asyncio event loop that used it first: make a new one in each
    `asyncio.run()`. In another process or event loop, calls raise RuntimeError and send nothing, and `close` leaves the
    sockets alone. The same holds for the connections that `login` returns.

    Args:
        account_name: The account to connect to; by default `MESHYDB_ACCOUNT_NAME`.
        tenant: The tenant to use; by default `MESHYDB_TENANT`. None selects the account's default tenant.
        public_key: Identifies your application; by default `MESHYDB_PUBLIC_KEY`.
        base_url: The API host; by default `MESHYDB_BASE_URL`, else the public service.
        auth_url: The host that issues tokens; by default `MESHYDB_AUTH_URL`, else `base_url` if that is given, else the
            public service.
        timeout: Seconds to wait for a connection, and for each piece of data that is sent or received; or an
            `httpx.Timeout` with a value for each. The default is 30, or the setting of `http_client`. `meshydb[fast]`
            applies one limit to the whole request: this number, or the longest part of the `httpx.Timeout`.
        max_retries: The maximum number of retries of a request. A request is retried if no connection was made, if the
            connection broke before the request was sent, or if the service rejected it with 429 or 503 and a
            `Retry-After` of at most 30 seconds. After a timeout, a broken connection or a server error, only operations
            that are safe to replay are retried, never one that sends a message, counts a guess or uses up a code.
        http_client: The httpx client to send with, for your own proxies and certificates. It stays open after `close`.
            Set its `keepalive_expiry` below the idle timeout of the server. The client's own pool keeps idle
            connections for 4 seconds.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: The account name or the public key is missing, or an argument or environment variable has an invalid
            value.

    Every call can raise these errors, besides its own:

    * TypeError or ValueError: An argument is invalid. Nothing was sent.
    * NotFoundError: The account or tenant does not exist; `code` says which.
    * RateLimitError: Too many requests; `retry_after` says how long to wait.
    * APIStatusError: The response has another status outside 200 to 299.
    * APIResponseError: The response is a success, but its body does not match the contract.
    * APITimeoutError: The response did not arrive in time. The request may have been processed, unless the error's
      `may_have_been_processed` is False.
    * APIConnectionError: No usable response arrived. The request may have been processed, unless the error's
      `may_have_been_processed` is False.
    * RuntimeError: The client is closed, or belongs to another process or event loop.
    """

    def __init__(
        self,
        account_name: str | None = None,
        tenant: str | None = TENANT_FROM_ENVIRONMENT,
        public_key: str | None = None,
        *,
        base_url: str | None = None,
        auth_url: str | None = None,
        timeout: "float | httpx.Timeout | None" = None,
        max_retries: int = DEFAULT_MAX_RETRIES,
        http_client: "httpx.AsyncClient | None" = None,
    ) -> None:
        # Here, so that importing the package does not import httpx.
        from meshydb._async.driver import AsyncDriver  # noqa: PLC0415

        config = resolve(
            account_name=account_name,
            tenant=tenant,
            public_key=public_key,
            base_url=base_url,
            auth_url=auth_url,
            timeout=timeout,
            max_retries=max_retries,
        )
        self._driver = AsyncDriver(config, http_client)

    @classmethod
    def initialize(cls, account_name: str, public_key: str, **options: Unpack[AsyncClientOptions]) -> Self:
        """Make a client for the account's default tenant.

        Args:
            account_name: The account to connect to.
            public_key: Identifies your application.
            **options: The keyword options of the class.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A setting has an invalid value.
        """
        return cls(account_name, None, public_key, **options)

    @classmethod
    def initialize_with_tenant(
        cls, account_name: str, tenant: str, public_key: str, **options: Unpack[AsyncClientOptions]
    ) -> Self:
        """Make a client for one of the account's tenants.

        Args:
            account_name: The account to connect to.
            tenant: The tenant to use.
            public_key: Identifies your application.
            **options: The keyword options of the class.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A setting has an invalid value.
        """
        # None would select the default tenant, which the caller did not ask for.
        return cls(account_name, check_instance("tenant", tenant, str), public_key, **options)

    def with_options(
        self,
        *,
        timeout: "float | httpx.Timeout | None" = AS_BEFORE,
        max_retries: int = AS_BEFORE,
        tenant: str | None = AS_BEFORE,
    ) -> Self:
        """Make a copy of this client with other settings and the same connection pool. Nothing is sent.

        Closing the copy leaves this client open. Closing this client closes its copies.

        Args:
            timeout: As for the class. None restores the default.
            max_retries: As for the class.
            tenant: As for the class. None selects the account's default tenant.

        Returns:
            The copy. Use it for one call, or keep it.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A setting has an invalid value.
        """
        config = changed(self._config, timeout=timeout, max_retries=max_retries, tenant=tenant)
        derived = copy(self)
        derived._driver = self._driver.derive(config)  # noqa: SLF001 - of the same class
        return derived

    @property
    def with_raw_response(self) -> AsyncClientWithRawResponse:
        """The same calls, which return a `RawResponse`: status, headers and body besides the result."""
        return AsyncClientWithRawResponse(self)

    async def close(self) -> None:
        """Close the client and its connections. Further calls raise RuntimeError.

        An `http_client` that you passed stays open. No user is signed out.
        """
        await self._driver.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return self._config.describe(self)

    @property
    def _config(self) -> Config:
        return self._driver.config
