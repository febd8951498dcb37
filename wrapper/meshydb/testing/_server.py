"""A server in a thread, and an account of it for each test.

To start a server takes a third of a second, to create an account milliseconds; and all that the server keeps, it keeps
by account. So tests share the server, and none shares an account.
"""

import itertools
from collections.abc import Coroutine, Generator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeVar

import uvicorn
from anyio.from_thread import BlockingPortal, start_blocking_portal
from argon2 import PasswordHasher
from attrs import field, frozen
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from meshydb import AsyncMeshyClient, MeshyClient, SecurityQuestion
from meshydb_server.contract import Contract, InvalidValueError
from meshydb_server.http.app import create_app
from meshydb_server.runtime import Services, open_services
from meshydb_server.serve import configure, listen, url_of
from meshydb_server.services.accounts import TenantChange
from meshydb_server.services.errors import RefusedError
from meshydb_server.services.new_users import NewUser
from meshydb_server.services.questions import NewQuestion
from meshydb_server.services.sources import Sources
from meshydb_server.settings import Settings

T = TypeVar("T")

_DEFAULT_TENANT: Final = "default"

# Argon2id as ever, at the least cost that it has: a hash takes a millisecond, and protects nobody. For tests alone.
_CHEAP_HASHER: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class _Settings(Settings):
    """Settings without those of the environment: a developer's own would send real mail, or open a real database."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic hands it over
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is given, and nothing else."""
        return (init_settings,)


@frozen
class Host:
    """A server that listens, and the services that tests reach past it."""

    url: str
    services: Services
    contract: Contract
    _portal: BlockingPortal
    _numbers: "itertools.count[int]" = field(factory=lambda: itertools.count(1))

    def unused_account_name(self) -> str:
        """A name that no test had."""
        return f"test-{next(self._numbers)}"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something where the server runs. Raises ValueError when it is refused."""

        async def call() -> T:
            return await work

        try:
            return self._portal.call(call)
        except RefusedError as error:
            raise ValueError(str(error)) from error


@contextmanager
def hosting(folder: Path) -> Generator[Host]:
    """Serve an empty database in a folder until the block ends."""
    settings = _Settings(
        database_url=f"sqlite+aiosqlite:///{folder / 'meshydb.sqlite3'}",
        # All tests have one address.
        rate_limit="off",
        account_rate_limit="off",
    )
    sources, contract = Sources(hasher=_CHEAP_HASHER), Contract.load()
    server = uvicorn.Server(configure(create_app(settings, sources, contract), settings))
    with (
        listen("127.0.0.1", 0) as sock,
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(open_services(settings, sources)) as services,
    ):
        serving = portal.start_task_soon(server.serve, [sock])
        try:
            yield Host(url_of(sock), services, contract, portal)
        finally:
            server.should_exit = True
            serving.result()


@frozen
class Message:
    """A message to a user, as it stands in the outbox, which nothing leaves.

    Attributes:
        tenant: The user's tenant.
        username: Whom it is for.
        kind: What it is about.
        channel: How it would go out.
        to: The email address or phone number; None when the user has none.
        code: The verification code; None in a message that tells of something.
        created_at: When it was written, an aware datetime.
    """

    tenant: str
    username: str
    kind: Literal[
        "reset",
        "register",
        "password-changed",
        "email-changed",
        "email-pending",
        "phone-changed",
        "phone-pending",
        "questions-changed",
        "questions-pending",
    ]
    channel: Literal["email", "text"]
    to: str | None
    code: str | None
    created_at: datetime


class MeshyServer:
    """A MeshyDB server, and an account of it that one test has to itself.

    The server is the real one, with the limits on guesses and requests that it has for each user. It differs in what
    makes tests slow: there is no limit on the requests of an address, and hashing passwords costs next to nothing.

    Attributes:
        url: Where the server listens, on loopback; `base_url` of clients.
        account: The name of the account.
        tenant: The name of its default tenant, which is meant wherever a tenant may be named and is not.
        public_key: The public key of that tenant.
    """

    url: str
    account: str
    tenant: str
    public_key: str

    def __init__(self, host: Host) -> None:
        self._host = host
        self._clients = ExitStack()
        self._public_keys: dict[str, str] = {}
        self.url = host.url
        self.account = host.unused_account_name()
        self.tenant = _DEFAULT_TENANT
        (created,) = host.run(host.services.accounts.create_account(self.account, [self.tenant]))
        self._public_keys[self.tenant] = self.public_key = created.public_key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._clients.close()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make `MeshyClient()`, and the command `meshydb`, talk to this server."""
        return {
            "MESHYDB_ACCOUNT_NAME": self.account,
            "MESHYDB_TENANT": self.tenant,
            "MESHYDB_PUBLIC_KEY": self.public_key,
            "MESHYDB_BASE_URL": self.url,
            "MESHYDB_AUTH_URL": self.url,
        }

    def client(self, tenant: str | None = None) -> MeshyClient:
        """Make a client, which is closed when the test ends.

        Raises:
            ValueError: There is no such tenant.
        """
        name = tenant or self.tenant
        made = MeshyClient(self.account, name, self._public_key(name), base_url=self.url, auth_url=self.url)
        return self._clients.enter_context(made)

    def async_client(self, tenant: str | None = None) -> AsyncMeshyClient:
        """Make a client to be awaited; close it, or use it in an `async with` statement.

        Raises:
            ValueError: There is no such tenant.
        """
        name = tenant or self.tenant
        return AsyncMeshyClient(self.account, name, self._public_key(name), base_url=self.url, auth_url=self.url)

    def create_tenant(self, name: str, *, verification: Literal["email", "text", "question"] = "email") -> str:
        """Add a tenant to the account.

        Args:
            name: Its name.
            verification: How its users prove who they are: by a code that is sent, or by answering a security question.

        Returns:
            Its public key.

        Raises:
            ValueError: The name is taken, or not one.
        """
        self._check("TenantName", name)
        accounts = self._host.services.accounts
        created = self._host.run(accounts.create_tenant(self.account, name))
        self._host.run(accounts.configure_tenant(self.account, name, TenantChange(verification=verification)))
        self._public_keys.update({each.name: each.public_key for each in created})
        return self._public_keys[name]

    def create_user(
        self,
        username: str,
        *,
        tenant: str | None = None,
        email: str | None = None,
        phone: str | None = None,
        password: str | None = None,
        security_questions: Sequence[SecurityQuestion] = (),
        roles: Sequence[str] = (),
        verified: bool = True,
    ) -> str:
        """Add a user.

        Args:
            username: The name to log in with.
            tenant: Where to.
            email: Where codes are sent.
            phone: Where they are sent when the tenant verifies by text, in international format.
            password: Without one, the user can log in only after a recovery.
            security_questions: What is asked when the tenant verifies by question.
            roles: Roles besides `meshy.user`, such as `meshy.admin`.
            verified: Whether the user may log in without having proved to own the address.

        Returns:
            The user's id.

        Raises:
            ValueError: There is no such tenant or role, the name is taken, or a value is not what it should be.
        """
        self._check("Username", username)
        new = NewUser(
            username=username,
            email=email,
            phone=phone,
            password=password,
            questions=[NewQuestion(each.question, each.answer) for each in security_questions],
            roles=roles,
            verified=verified,
        )
        accounts = self._host.services.accounts
        return self._host.run(accounts.create_user(self.account, tenant or self.tenant, new)).user_id

    @property
    def outbox(self) -> list[Message]:
        """All messages to the account's users, oldest first."""
        return [
            Message(
                tenant=message.tenant,
                username=message.username,
                kind=message.kind,
                channel=message.channel,
                to=message.recipient,
                code=code,
                created_at=message.created_at,
            )
            for message, code in self._host.run(self._host.services.outbox.messages(self.account))
        ]

    def last_code(self, username: str, *, tenant: str | None = None) -> str:
        """The code that a user was sent last.

        Raises:
            LookupError: None was sent.
        """
        name = tenant or self.tenant
        for message in reversed(self.outbox):
            if (message.tenant, message.username) == (name, username) and message.code is not None:
                return message.code
        raise LookupError(f"no code was sent to {username!r} of the tenant {name!r}")

    def _public_key(self, tenant: str) -> str:
        if tenant not in self._public_keys:
            raise ValueError(f"there is no tenant {tenant!r}: create_tenant makes one")
        return self._public_keys[tenant]

    def _check(self, schema: str, name: str) -> None:
        try:
            self._host.contract.component(schema).validate(name)
        except InvalidValueError as error:
            raise ValueError(f"{name!r} cannot be a name: {error}") from error
