# Derived from _async by scripts/derive_sync.py; do not edit.
"""The client: what needs no login, and the ways to log in."""

from copy import copy
from typing import TYPE_CHECKING, Self, TypedDict, Unpack
from uuid import uuid4

from meshydb import _operations
from meshydb._config import AS_BEFORE, DEFAULT_MAX_RETRIES, TENANT_FROM_ENVIRONMENT, Config, changed, resolve
from meshydb._models import RegisterUser, Tokens, User, UserVerificationHash
from meshydb._sync.connection import MeshyConnection
from meshydb._sync.raw import ClientWithRawResponse
from meshydb._validation import check_instance

if TYPE_CHECKING:
    import httpx

    from meshydb._operations import Operation

# Anonymous users have no password, yet the service wants one: this.
_NO_PASSWORD = "nopassword"  # noqa: S105


class ClientOptions(TypedDict, total=False):
    """The keyword arguments that all ways to make a client share."""

    base_url: str | None
    auth_url: str | None
    timeout: "float | httpx.Timeout | None"
    max_retries: int
    http_client: "httpx.Client | None"


class MeshyClient:
    """A client of one tenant of a MeshyDB account.

    `MeshyClient` and `AsyncMeshyClient` have the same methods, which block in the one and are awaited in the other.
    Make one client and keep it: it holds a pool of connections, and may be shared by threads or by tasks. Close it
    when it is no longer needed, or use it in a `with` or `async with` statement.

    A client belongs to the process that made it: after a fork, each process makes its own client, and its own
    `http_client`. An `AsyncMeshyClient` also belongs to the asyncio event loop that used it first: make one within each
    `asyncio.run()`. Elsewhere, calls raise RuntimeError and send nothing, and `close` leaves the connections alone. The
    same holds for the connections that `login` returns.

    Args:
        account_name: The account to connect to; by default `MESHYDB_ACCOUNT_NAME`.
        tenant: The tenant whose data to use; by default `MESHYDB_TENANT`. None stands for the account's default tenant.
        public_key: Identifies your application; by default `MESHYDB_PUBLIC_KEY`.
        base_url: The API host; by default `MESHYDB_BASE_URL`, else the public service.
        auth_url: The host that issues tokens; by default `MESHYDB_AUTH_URL`, else `base_url` if that is given, else the
            public service.
        timeout: Seconds to wait for a connection, and for each piece of data that is sent or received; or an
            `httpx.Timeout`, which has one for each. By default 30, or what `http_client` is set to. `meshydb[fast]` has
            one limit for all of a request: this number, or the longest part of the `httpx.Timeout`.
        max_retries: How often, at most, a request is sent again: if no connection was made, it broke before the request
            was sent, or the service refused it with 429 or 503 and a `Retry-After` of at most 30 seconds. After a
            time-out, a broken connection or a failure of the service, only what twice does no more than once; never
            what sends a message, counts a guess or uses up a code.
        http_client: The httpx client to send with, for proxies, certificates and the like. It stays open after `close`.
            Set its `keepalive_expiry` below the idle timeout of the server; without one, connections are kept idle for
            4 seconds.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: The account name or the public key is missing, or a setting cannot be used, be it an argument or
            one of the environment.

    Every call raises, besides what stands with it:

    * TypeError or ValueError: An argument is wrong. Nothing was sent.
    * NotFoundError: There is no such account or tenant; `code` tells which.
    * RateLimitError: Too many requests; `retry_after` tells how long to wait.
    * APIStatusError: The service answered with another status that is not a success.
    * APIResponseError: The service reported success with a body that is not what the contract says.
    * APITimeoutError: The service did not answer in time. It may have done what it was asked.
    * APIConnectionError: No usable answer arrived. The service may have done what it was asked, unless the error's
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
        http_client: "httpx.Client | None" = None,
    ) -> None:
        # Here, so that to import the package does not import httpx.
        from meshydb._sync.driver import Driver  # noqa: PLC0415

        config = resolve(
            account_name=account_name,
            tenant=tenant,
            public_key=public_key,
            base_url=base_url,
            auth_url=auth_url,
            timeout=timeout,
            max_retries=max_retries,
        )
        self._driver = Driver(config, http_client)

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

    def with_options(
        self,
        *,
        timeout: "float | httpx.Timeout | None" = AS_BEFORE,
        max_retries: int = AS_BEFORE,
        tenant: str | None = AS_BEFORE,
    ) -> Self:
        """Make a client of other settings that shares the HTTP connections of this one. Nothing is sent.

        To close it leaves them open, and refuses further use of it alone; it is closed with this one.

        Args:
            timeout: As of the class. None goes back to the default.
            max_retries: As of the class.
            tenant: As of the class. None stands for the account's default tenant.

        Returns:
            The client, which can be used for one call or kept.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A setting cannot be used.
        """
        config = changed(self._config, timeout=timeout, max_retries=max_retries, tenant=tenant)
        derived = copy(self)
        derived._driver = self._driver.derive(config)  # noqa: SLF001 - of the same class
        return derived

    @property
    def with_raw_response(self) -> ClientWithRawResponse:
        """The same calls, each of which returns a `RawResponse`: status, headers and body, besides the result."""
        return ClientWithRawResponse(self)

    def login(self, username: str, password: str) -> MeshyConnection:
        """Log a user in.

        From `POST /{accountName}/connect/token`, at the auth host.

        Args:
            username: The user, of 1 to 256 characters without control characters.
            password: The password, of 1 to 1024 characters.

        Returns:
            A connection, which acts for the user.

        Raises:
            BadRequestError: Username or password is wrong, the user is not active or not verified, or the public key is
                not that of the tenant. Its `code` tells which, such as `invalid_grant`.
            MeshyError: As every call.
        """
        return self._log_in(_operations.log_in(self._config, username, password))

    def login_anonymously(self, username: str) -> MeshyConnection:
        """Log in an anonymous user, whom `register_anonymous_user` made.

        From `POST /{accountName}/connect/token`, at the auth host.

        Args:
            username: The user, of 1 to 256 characters without control characters.

        Returns:
            A connection, which acts for the user.

        Raises:
            BadRequestError: There is no such anonymous user, or the public key is not that of the tenant.
            MeshyError: As every call.
        """
        return self._log_in(_operations.log_in(self._config, username, _NO_PASSWORD))

    def login_with_refresh(self, refresh_token: str) -> MeshyConnection:
        """Resume an earlier login.

        From `POST /{accountName}/connect/token`, at the auth host.

        Args:
            refresh_token: What `retrieve_refresh_token` of a connection returned, of 1 to 256 characters.

        Returns:
            A connection, which acts for the user.

        Raises:
            BadRequestError: The refresh token is unknown, expired or revoked, or belongs to another tenant.
            MeshyError: As every call.
        """
        return self._log_in(_operations.refresh(self._config, refresh_token))

    def register_user(self, user: RegisterUser) -> UserVerificationHash | None:
        """Register a user.

        From `POST /{accountName}/users/register`. Needs no login.

        Args:
            user: The user.

        Returns:
            The request to be completed by `verify_user`, with the code that the user receives; until then the user
            cannot log in. None if the user can log in at once.

        Raises:
            BadRequestError: The username is taken, the password is too common, an address, number or question is
                malformed, or needed and missing, or the tenant does not let people register.
            MeshyError: As every call.
        """
        return self._driver.call(_operations.register_user(self._config, user))

    def register_anonymous_user(self, username: str | None = None) -> User:
        """Register a user without a password, who has no roles and no way to recover.

        From `POST /{accountName}/users/register/anonymous`. Needs no login.

        Args:
            username: The name to log in with, of 1 to 256 letters, digits and ASCII punctuation (UsernameCasePreserved
                of RFC 8265), without `/`; not `.` or `..`. By default a random UUID.

        Returns:
            The user.

        Raises:
            BadRequestError: The username is taken, or the tenant does not let anonymous people register.
            MeshyError: As every call.
        """
        name = str(uuid4()) if username is None else username
        return self._driver.call(_operations.register_anonymous_user(self._config, name))

    def check_user_exist(self, username: str) -> bool:
        """Ask whether a username is taken.

        From `GET /{accountName}/users/{username}/exists`. Needs no login.

        Args:
            username: The name, of 1 to 256 characters without control characters; not `.` or `..`, which no path can
                hold.

        Returns:
            Whether there is such a user.

        Raises:
            NotFoundError: The name holds a slash, by which the service finds nothing in a path.
            MeshyError: As every call.
        """
        return self._driver.call(_operations.check_user_exist(self._config, username))

    def forgot_password(self, username: str, attempt: int = 1) -> UserVerificationHash:
        """Ask for a password reset: the service sends the user a verification code, or asks a security question.

        From `POST /{accountName}/users/forgotpassword`. Needs no login.

        Args:
            username: The user whose password is to be reset, of 1 to 256 characters without control characters.
            attempt: How many times the user has asked, this time included, from 1 to 2147483647. The service chooses
                the security question by it.

        Returns:
            The request for a reset, to be sent back unchanged with the code or the answer; its `hint` tells the user
            where the code went, or which question it is.

        Raises:
            BadRequestError: The service refuses the request, such as for an anonymous user.
            NotFoundError: There is no such account, tenant or user; `code` tells which.
            MeshyError: As every call.
        """
        return self._driver.call(_operations.forgot_password(self._config, username, attempt))

    def check_hash(self, verification: UserVerificationHash, verification_code: str) -> bool:
        """Ask whether a verification code is the right one, which uses nothing up but counts as a guess.

        From `POST /{accountName}/users/checkhash`. Needs no login.

        Args:
            verification: What `forgot_password` or `register_user` returned.
            verification_code: The code that the user received, or the answer to the security question, of 1 to 256
                characters.

        Returns:
            Whether it is. A request that has lapsed or was used is answered like a wrong code.

        Raises:
            MeshyError: As every call.
        """
        return self._driver.call(_operations.check_hash(self._config, verification, verification_code))

    def reset_password(self, verification: UserVerificationHash, verification_code: str, new_password: str) -> None:
        """Set a new password, which uses the request up and ends all logins of the user.

        From `POST /{accountName}/users/resetpassword`. Needs no login, and logs nobody in.

        Args:
            verification: What `forgot_password` returned.
            verification_code: The code that the user received, or the answer to the security question, of 1 to 256
                characters.
            new_password: The password from now on, of 8 to 128 characters.

        Raises:
            BadRequestError: The code is wrong, the request has lapsed or was used, or the password is too common.
            MeshyError: As every call.
        """
        self._driver.call(_operations.reset_password(self._config, verification, verification_code, new_password))

    def verify_user(self, verification: UserVerificationHash, verification_code: str) -> None:
        """Complete a registration, which uses the request up. The user can log in from then on.

        From `POST /{accountName}/users/verify`. Needs no login.

        Args:
            verification: What `register_user` returned.
            verification_code: The code that the user received, of 1 to 256 characters.

        Raises:
            BadRequestError: The code is wrong, or the request has lapsed or was used.
            MeshyError: As every call.
        """
        self._driver.call(_operations.verify_user(self._config, verification, verification_code))

    def close(self) -> None:
        """Close the client and what is logged in with it, then refuse further use.

        An `http_client` that was handed in stays open. Nobody is signed out.
        """
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return self._config.shown(self)

    @property
    def _config(self) -> Config:
        return self._driver.config

    def _log_in(self, operation: "Operation[Tokens]") -> MeshyConnection:
        return MeshyConnection(self._driver.connect(self._driver.call(operation)))
