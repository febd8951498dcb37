"""A server in its own process, with an account for each test.

Starting a server takes a second, creating an account milliseconds, and the server keeps all data by account. So tests
share the server, and each has an account of its own.
"""

import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal, Self

from attrs import field, frozen

from meshydb import AsyncMeshyClient, MeshyClient, SecurityQuestion

# Imported by the server's process only.
for _name in ("argon2", "sqlalchemy", "starlette", "uvicorn"):
    if find_spec(_name) is None:
        raise ModuleNotFoundError(name=_name)

_DEFAULT_TENANT: Final = "default"
# Adds the import paths of this process behind those of the new one.
_PROGRAM: Final = (
    "import sys; sys.path += [path for path in sys.argv[2:] if path not in sys.path];"
    " from meshydb.testing._process import main; main(sys.argv[1])"
)


@frozen
class Host:
    """A running server that also takes calls besides HTTP."""

    url: str
    _process: "subprocess.Popen[str]"
    _numbers: "itertools.count[int]" = field(factory=lambda: itertools.count(1))
    _asking: threading.Lock = field(factory=threading.Lock)

    def unused_account_name(self) -> str:
        """Return an account name that no test has used."""
        return f"test-{next(self._numbers)}"

    def ask(self, name: str, *arguments: object) -> Any:
        """Run a call in the server, and return its result. Raises ValueError if it is rejected."""
        with self._asking:
            return _ask(self._process, json.dumps([name, arguments]))


@contextmanager
def hosting(folder: Path) -> Generator[Host]:
    """Serve an empty database in a folder until the block ends."""
    with subprocess.Popen(
        [sys.executable, "-P", "-c", _PROGRAM, folder, *filter(None, sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        # It ends when its standard input does.
        yield Host(_ask(process), process)


def _ask(process: "subprocess.Popen[str]", line: str | None = None) -> Any:
    if process.stdin is None or process.stdout is None:
        raise AssertionError
    if line is not None:
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
    reply = process.stdout.readline()
    if not reply:
        raise RuntimeError("the server of the tests has ended; see its messages on standard error")
    parsed = json.loads(reply)
    if "error" in parsed:
        raise ValueError(parsed["error"])
    return parsed["result"]


@frozen
class Message:
    """A message to a user in the outbox. The server of the tests sends no messages.

    Attributes:
        tenant: The user's tenant.
        username: The user.
        kind: The kind of message.
        channel: The channel that the message would take.
        to: The email address or phone number; None if the user has none.
        code: The verification code; None in a notification.
        created_at: When the message was created, an aware datetime.
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
    """A MeshyDB server, with an account for one test.

    The server is the real one, with its limits on guesses and requests for each user. For speed, it does not limit the
    requests of an address, and hashes passwords at the lowest cost.

    It runs in its own process with the clock of the machine, so a test can freeze or move its own clock.

    Attributes:
        url: The URL of the server on loopback: `base_url` of clients.
        account: The name of the account.
        tenant: The name of its default tenant, which methods use if you pass no tenant.
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
        self.public_key = host.ask("create_account", self.account, self.tenant)
        self._public_keys[self.tenant] = self.public_key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._clients.close()

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that connect `MeshyClient()` and the command `meshydb` to this server."""
        return {
            "MESHYDB_ACCOUNT_NAME": self.account,
            "MESHYDB_TENANT": self.tenant,
            "MESHYDB_PUBLIC_KEY": self.public_key,
            "MESHYDB_BASE_URL": self.url,
            "MESHYDB_AUTH_URL": self.url,
        }

    def client(self, tenant: str | None = None) -> MeshyClient:
        """Make a client. It is closed at the end of the test.

        Raises:
            ValueError: There is no such tenant.
        """
        name = tenant or self.tenant
        made = MeshyClient(self.account, name, self._public_key(name), base_url=self.url, auth_url=self.url)
        return self._clients.enter_context(made)

    def async_client(self, tenant: str | None = None) -> AsyncMeshyClient:
        """Make an asynchronous client. Close it, or use it in an `async with` statement.

        Raises:
            ValueError: There is no such tenant.
        """
        name = tenant or self.tenant
        return AsyncMeshyClient(self.account, name, self._public_key(name), base_url=self.url, auth_url=self.url)

    def create_tenant(self, name: str, *, verification: Literal["email", "text", "question"] = "email") -> str:
        """Add a tenant to the account.

        Args:
            name: Its name.
            verification: How its users verify: with a code by email or text message, or with a security question.

        Returns:
            Its public key.

        Raises:
            ValueError: The name is taken or invalid.
        """
        self._public_keys.update(self._host.ask("create_tenant", self.account, name, verification))
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
            tenant: The tenant of the user; by default the default tenant.
            email: The email address, for codes.
            phone: The phone number in international format, for codes of a tenant that verifies by text.
            password: The password. Without one, the user can log in only after a recovery.
            security_questions: The questions, for a tenant that verifies by question.
            roles: Roles besides `meshy.user`, such as `meshy.admin`.
            verified: Whether the user may log in without verifying the address first.

        Returns:
            The user's id.

        Raises:
            ValueError: There is no such tenant or role, the name is taken, or a value is invalid.
        """
        given = {"email": email, "phone": phone, "password": password, "roles": [*roles], "verified": verified}
        questions = [(each.question, each.answer) for each in security_questions]
        user_id: str = self._host.ask("create_user", self.account, tenant or self.tenant, username, questions, given)
        return user_id

    @property
    def outbox(self) -> list[Message]:
        """All messages to the account's users, oldest first."""
        return self._messages()

    def last_code(self, username: str, *, tenant: str | None = None) -> str:
        """Return the last code that was sent to a user. The case of the username does not matter.

        Raises:
            LookupError: No code was sent.
        """
        name = tenant or self.tenant
        for message in reversed(self._messages(name, username)):
            if message.code is not None:
                return message.code
        raise LookupError(f"no code was sent to {username!r} of the tenant {name!r}")

    def _public_key(self, tenant: str) -> str:
        if tenant not in self._public_keys:
            raise ValueError(f"there is no tenant {tenant!r}: create it with create_tenant")
        return self._public_keys[tenant]

    def _messages(self, *of: str) -> list[Message]:
        found: list[dict[str, Any]] = self._host.ask("messages", self.account, *of)
        return [Message(created_at=datetime.fromisoformat(each.pop("created_at")), **each) for each in found]
