"""A server in a process of its own, and an account of it for each test.

To start a server takes a second, to create an account milliseconds; and all that the server keeps, it keeps by account.
So tests share the server, and none shares an account.
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

# Imported by the server's process alone.
for _name in ("argon2", "sqlalchemy", "starlette", "uvicorn"):
    if find_spec(_name) is None:
        raise ModuleNotFoundError(name=_name)

_DEFAULT_TENANT: Final = "default"
# What this process has found its packages by, after what another one finds by itself.
_PROGRAM: Final = (
    "import sys; sys.path += [path for path in sys.argv[2:] if path not in sys.path];"
    " from meshydb.testing._process import main; main(sys.argv[1])"
)


@frozen
class Host:
    """A server that listens, and can be asked for what is past HTTP."""

    url: str
    _process: "subprocess.Popen[str]"
    _numbers: "itertools.count[int]" = field(factory=lambda: itertools.count(1))
    _asking: threading.Lock = field(factory=threading.Lock)

    def unused_account_name(self) -> str:
        """A name that no test had."""
        return f"test-{next(self._numbers)}"

    def ask(self, name: str, *arguments: object) -> Any:
        """Have the server do something; returns what it returns. Raises ValueError when it is refused."""
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
    answer = process.stdout.readline()
    if not answer:
        raise RuntimeError("the server of the tests has ended; what it said of that stands on standard error")
    parsed = json.loads(answer)
    if "error" in parsed:
        raise ValueError(parsed["error"])
    return parsed["result"]


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

    It runs in a process of its own and on the time of the machine, so that a test may freeze or move the clock.

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
        self.public_key = host.ask("create_account", self.account, self.tenant)
        self._public_keys[self.tenant] = self.public_key

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
        given = {"email": email, "phone": phone, "password": password, "roles": [*roles], "verified": verified}
        questions = [(each.question, each.answer) for each in security_questions]
        user_id: str = self._host.ask("create_user", self.account, tenant or self.tenant, username, questions, given)
        return user_id

    @property
    def outbox(self) -> list[Message]:
        """All messages to the account's users, oldest first."""
        return self._messages()

    def last_code(self, username: str, *, tenant: str | None = None) -> str:
        """The code that a user was sent last, in whatever case of letters the user is named.

        Raises:
            LookupError: None was sent.
        """
        name = tenant or self.tenant
        for message in reversed(self._messages(name, username)):
            if message.code is not None:
                return message.code
        raise LookupError(f"no code was sent to {username!r} of the tenant {name!r}")

    def _public_key(self, tenant: str) -> str:
        if tenant not in self._public_keys:
            raise ValueError(f"there is no tenant {tenant!r}: create_tenant makes one")
        return self._public_keys[tenant]

    def _messages(self, *of: str) -> list[Message]:
        found: list[dict[str, Any]] = self._host.ask("messages", self.account, *of)
        return [Message(created_at=datetime.fromisoformat(each.pop("created_at")), **each) for each in found]
