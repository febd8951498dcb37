"""The client: operations without a login, and the login methods."""

from copy import copy
from typing import TYPE_CHECKING, Self, TypedDict, Unpack
from uuid import uuid4

from meshydb import _operations
from meshydb._async.connection import AsyncMeshyConnection
from meshydb._async.raw import AsyncClientWithRawResponse
from meshydb._config import AS_BEFORE, DEFAULT_MAX_RETRIES, TENANT_FROM_ENVIRONMENT, Config, changed, resolve
from meshydb._models import RegisterUser, Tokens, User, UserVerificationHash
from meshydb._validation import check_instance

if TYPE_CHECKING:
    import httpx

    from meshydb._operations import Operation

# Anonymous users have no password, but the service requires this value.
_NO_PASSWORD = "nopassword"  # noqa: S105


class AsyncClientOptions(TypedDict, total=False):
    """The keyword arguments that all constructors of a client share."""

    base_url: str | None
    auth_url: str | None
    timeout: "float | httpx.Timeout | None"
    max_retries: int
    http_client: "httpx.AsyncClient | None"


class AsyncMeshyClient:
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
        return await self._log_in(_operations.log_in(self._config, username, password))

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
        return await self._log_in(_operations.log_in(self._config, username, _NO_PASSWORD))

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
        return await self._log_in(_operations.refresh(self._config, refresh_token))

    async def register_user(self, user: RegisterUser) -> UserVerificationHash | None:
        """Register a user.

        From `POST /{accountName}/users/register`. Needs no login.

        Args:
            user: The user.

        Returns:
            The verification request. Pass it to `verify_user` with the code that the user receives; the user cannot
            log in before. None if the user can log in at once.

        Raises:
            BadRequestError: The username is taken, the password is too common, a required address, number or question
                is missing, one of them is malformed, or the tenant does not allow registration.
            MeshyError: As every call.
        """
        return await self._driver.call(_operations.register_user(self._config, user))

    async def register_anonymous_user(self, username: str | None = None) -> User:
        """Register a user without a password. Anonymous users have no roles and cannot recover their login.

        From `POST /{accountName}/users/register/anonymous`. Needs no login.

        Args:
            username: The name to log in with, of 1 to 256 letters, digits and ASCII punctuation (UsernameCasePreserved
                of RFC 8265), without `/`; not `.` or `..`. By default a random UUID.

        Returns:
            The user.

        Raises:
            BadRequestError: The username is taken, or the tenant does not allow anonymous registration.
            MeshyError: As every call.
        """
        name = str(uuid4()) if username is None else username
        return await self._driver.call(_operations.register_anonymous_user(self._config, name))

    async def check_user_exist(self, username: str) -> bool:
        """Check whether a username is taken.

        From `GET /{accountName}/users/{username}/exists`. Needs no login.

        Args:
            username: The name, of 1 to 256 characters without control characters; not `.` or `..`, which are steps in
                a path.

        Returns:
            Whether the user exists.

        Raises:
            NotFoundError: The name contains a slash, so it matches no path.
            MeshyError: As every call.
        """
        return await self._driver.call(_operations.check_user_exist(self._config, username))

    async def forgot_password(self, username: str, attempt: int = 1) -> UserVerificationHash:
        """Request a password reset: the service sends the user a verification code, or asks a security question.

        From `POST /{accountName}/users/forgotpassword`. Needs no login.

        Args:
            username: The user who forgot the password, of 1 to 256 characters without control characters.
            attempt: How many times the user has asked, including this one, from 1 to 2147483647. The service selects
                the security question by it.

        Returns:
            The verification request. Pass it back unchanged with the code or the answer. Show its `hint` to the user:
            it says where the code went, or is the security question.

        Raises:
            BadRequestError: The service rejects the request, for example for an anonymous user.
            NotFoundError: The account, tenant or user does not exist; `code` says which.
            MeshyError: As every call.
        """
        return await self._driver.call(_operations.forgot_password(self._config, username, attempt))

    async def check_hash(self, verification: UserVerificationHash, verification_code: str) -> bool:
        """Check a verification code. This counts as a guess, but does not use the code up.

        From `POST /{accountName}/users/checkhash`. Needs no login.

        Args:
            verification: The result of `forgot_password` or `register_user`.
            verification_code: The code that the user received, or the answer to the security question, of 1 to 256
                characters.

        Returns:
            Whether the code is right. False as well if the verification request has expired or was used.

        Raises:
            MeshyError: As every call.
        """
        return await self._driver.call(_operations.check_hash(self._config, verification, verification_code))

    async def reset_password(
        self, verification: UserVerificationHash, verification_code: str, new_password: str
    ) -> None:
        """Set a new password. This uses the verification request up and ends all logins of the user.

        From `POST /{accountName}/users/resetpassword`. Needs no login, and does not log the user in.

        Args:
            verification: The result of `forgot_password`.
            verification_code: The code that the user received, or the answer to the security question, of 1 to 256
                characters.
            new_password: The new password, of 8 to 128 characters.

        Raises:
            BadRequestError: The code is wrong, the verification request has expired or was used, or the password is
                too common.
            MeshyError: As every call.
        """
        await self._driver.call(_operations.reset_password(self._config, verification, verification_code, new_password))

    async def verify_user(self, verification: UserVerificationHash, verification_code: str) -> None:
        """Complete a registration. This uses the verification request up, and the user can log in.

        From `POST /{accountName}/users/verify`. Needs no login.

        Args:
            verification: The result of `register_user`.
            verification_code: The code that the user received, of 1 to 256 characters.

        Raises:
            BadRequestError: The code is wrong, or the verification request has expired or was used.
            MeshyError: As every call.
        """
        await self._driver.call(_operations.verify_user(self._config, verification, verification_code))

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
        return self._config.shown(self)

    @property
    def _config(self) -> Config:
        return self._driver.config

    async def _log_in(self, operation: "Operation[Tokens]") -> AsyncMeshyConnection:
        return AsyncMeshyConnection(self._driver.connect(await self._driver.call(operation)))
