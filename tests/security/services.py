"""Services on a seeded database with tenants of each kind of verification, and calls that a recovery consists of."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from attrs import evolve, field, frozen
from sqlalchemy import Executable, Table, select, update
from sqlalchemy.engine import Connection

from meshydb_server.configuration.settings import Settings
from meshydb_server.runtime import Services, open_services
from meshydb_server.services.accounts import TenantChange
from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.dependencies import Dependencies, Randomness
from meshydb_server.services.common.errors import InvalidRequestError
from meshydb_server.services.common.lookup import require_tenant, require_user
from meshydb_server.services.common.passwords import Passwords
from meshydb_server.services.logins.issuing import IssuedTokens
from meshydb_server.services.logins.service import PasswordLogin
from meshydb_server.services.recovery.completion import CompletionService
from meshydb_server.services.recovery.guesses import CompletionRequest
from meshydb_server.services.recovery.verification import IssuedRequest
from meshydb_server.services.users.new_users import NewUser
from meshydb_server.services.users.questions import NewQuestion
from meshydb_server.storage.accounts import Verification
from meshydb_server.storage.audit import list_events
from meshydb_server.storage.schema import counters, users
from meshydb_server.storage.users import User
from tests.support.dependencies import CHEAP_HASHER, SetClock
from tests.support.server import PATIENCE

ACCOUNT: Final = "acme"
OTHER_ACCOUNT: Final = "globex"
# The tenants of both accounts. The first verifies by email and is the default; so does the second.
TENANT: Final = "north"
OTHER_TENANT: Final = "south"
BY_TEXT: Final = "phones"
BY_QUESTION: Final = "riddles"
_VERIFICATION: Final[Mapping[str, Verification]] = {
    TENANT: "email",
    OTHER_TENANT: "email",
    BY_TEXT: "text",
    BY_QUESTION: "question",
}

# In each of these tenants there is a user of this name, and none of the other, which is as long.
USERNAME: Final = "rosa.k"
UNKNOWN: Final = "nobody"
EMAIL: Final = "rosa.k@example.org"
PHONE: Final = "+15551230000"
ANSWERS: Final = {"What was your first pet called?": "Rex the Dog", "Where did you grow up?": "Old Lisbon"}

OLD_PASSWORD: Final = "the first one of rosa"  # noqa: S105 - of users who live as long as a test
PASSWORD: Final = "a new password for rosa"  # noqa: S105 - likewise
# What may act on a user who holds no more than every user does.
MAY_UPDATE: Final = frozenset(
    {"users.update", "projections.read", *(f"meshes.{each}" for each in ("create", "read", "update", "delete"))}
)
_ISSUER: Final = "https://auth.example.org/acme"
# Keys of the server, each as a setting.
KEYS: Final = tuple(base64.urlsafe_b64encode(bytes([number]) * 32).decode() for number in range(1, 4))


@frozen(kw_only=True)
class Issued:
    """A request with its code or the answer to its question; "" for a decoy."""

    account: str
    tenant: str
    request: IssuedRequest
    code: str = field(repr=False)

    def attempted(self, code: str | None = None, **changes: Any) -> CompletionRequest:
        """The request to complete it, with another code or other changed fields."""
        given = {
            "account": self.account,
            "tenant": self.tenant,
            "username": self.request.username,
            "attempt": self.request.attempt,
            "hash": self.request.hash,
            "expires": self.request.expires,
            "code": self.code if code is None else code,
        }
        return CompletionRequest(**{**given, **changes})

    @property
    def wrong(self) -> CompletionRequest:
        """The same, with a code of the right form that is not the right one."""
        return self.attempted(("B" if self.code[:1] == "A" else "A") + (self.code or "A" * 8)[1:])


@asynccontextmanager
async def services_on(
    database_url: str,
    clock: SetClock | None = None,
    *,
    new: bool = True,
    random: Randomness = secrets.token_bytes,
    **given: str,
) -> AsyncGenerator[Services]:
    """Services on a database, which is seeded when it is new."""
    defaults = {"database_url": database_url, "secret_keys": KEYS[0], "storage_timeout": PATIENCE}
    settings = Settings.model_validate({**defaults, **given})
    async with open_services(
        settings, Dependencies(clock=clock or SetClock(), randomness=random, hasher=CHEAP_HASHER)
    ) as services:
        if new:
            await _seed(services)
        yield services


async def _seed(services: Services) -> None:
    for account in (ACCOUNT, OTHER_ACCOUNT):
        await services.accounts.create_account(account, list(_VERIFICATION))
        for tenant, verification in _VERIFICATION.items():
            await services.accounts.configure_tenant(account, tenant, TenantChange(verification=verification))
        await asyncio.gather(*(add_user(services, USERNAME, account=account, tenant=each) for each in _VERIFICATION))


async def add_user(services: Services, username: str, *, account: str = ACCOUNT, tenant: str = TENANT) -> User:
    """Add a user who has a password and can be reached, or asked, in each way."""
    questions = [NewQuestion(question, answer) for question, answer in ANSWERS.items()]
    asked = questions if tenant == BY_QUESTION else []
    new = NewUser(username=username, email=EMAIL, phone=PHONE, password=OLD_PASSWORD, questions=asked)
    return await services.accounts.create_user(account, tenant, new)


async def ask(
    services: Services,
    username: str = USERNAME,
    *,
    account: str = ACCOUNT,
    tenant: str = TENANT,
    attempt: int = 1,
    client: str = "",
) -> Issued:
    """Ask for a password reset, and read what was sent."""
    before = await sent_codes(services)
    request = await services.recovery.forgot_password(account, tenant, username, attempt, client)
    return await _issued(services, account, tenant, request, before.keys())


async def register(services: Services, username: str = USERNAME, *, tenant: str = TENANT) -> Issued:
    """Request the verification of a user's registration, and read the code that was sent."""
    before = await sent_codes(services)
    verification = services.recovery.verification

    def issue(connection: Connection) -> IssuedRequest:
        place = require_tenant(connection, ACCOUNT, tenant)
        user = require_user(connection, place, username)
        # An operator made them, and vouched for them.
        connection.execute(update(users).where(users.c.user_id == user.user_id).values(verified=False))
        return verification.issue_registration(connection, place, user, services.recovery.clock())

    return await _issued(services, ACCOUNT, tenant, await services.database.write(issue), before.keys())


async def caller(services: Services, *, tenant: str = TENANT) -> Caller:
    """The caller of a user who has just logged in."""
    user = await services.database.read(
        lambda connection: require_user(connection, require_tenant(connection, ACCOUNT, tenant), USERNAME)
    )
    now = services.own_account.clock()
    return Caller(ACCOUNT, tenant, user.user_id, USERNAME, bytes(16), frozenset(), auth_time=now)


async def log_in(
    services: Services, password: str, *, tenant: str = TENANT, username: str = USERNAME, client: str = ""
) -> IssuedTokens:
    """Log the user, or another, in."""
    return await services.tokens.log_in(
        PasswordLogin(
            account=ACCOUNT,
            tenant=tenant,
            client_id=await _public_key(services, tenant),
            username=username,
            password=password,
            scope="offline_access",
            issuer=_ISSUER,
            client=client,
        )
    )


async def refresh(services: Services, tokens: IssuedTokens, *, tenant: str = TENANT) -> IssuedTokens:
    """Renew a login."""
    key = await _public_key(services, tenant)
    return await services.tokens.refresh(ACCOUNT, tenant, key, tokens.refresh_token, None, _ISSUER)


async def _public_key(services: Services, tenant: str) -> str:
    place = await services.database.read(lambda connection: require_tenant(connection, ACCOUNT, tenant))
    return place.public_key


async def _issued(
    services: Services, account: str, tenant: str, request: IssuedRequest, before: Collection[str]
) -> Issued:
    after = await sent_codes(services)
    # Either one message has come, or what is asked for is an answer, or nobody is there to ask.
    code = next((after[message] for message in after.keys() - before), ANSWERS.get(request.hint, ""))
    return Issued(account=account, tenant=tenant, request=request, code=code)


async def sent_codes(services: Services) -> dict[str, str]:
    """The codes of all messages that are still in the outbox, by the messages' ids."""
    decrypt = services.outbox.keyring.decrypt
    return {
        message.message_id: code
        for message, _ in await services.outbox.messages()
        if message.payload is not None and (code := json.loads(decrypt(message.payload))["code"])
    }


async def rows(services: Services, table: Table) -> list[dict[str, Any]]:
    """All rows of a table, in the order of their keys."""
    query = select(table).order_by(*table.primary_key.columns)
    return await services.database.read(lambda c: [dict(row) for row in c.execute(query).mappings()])


@asynccontextmanager
async def without(services: Services, table: str) -> AsyncGenerator[None]:
    """Let every statement on a table fail until the block ends."""

    async def rename(one: str, other: str) -> None:
        statement = f"ALTER TABLE {one} RENAME TO {other}"
        await services.database.write(lambda connection: connection.exec_driver_sql(statement))

    await rename(table, "lost")
    yield
    await rename("lost", table)


async def change(services: Services, statement: Executable) -> int:
    """Change rows behind the services' back; returns how many."""
    return await services.database.write(lambda connection: connection.execute(statement).rowcount)


async def outcomes(services: Services) -> Counter[tuple[str, str]]:
    """The kinds and outcomes of audit events with their counts, without those of the operator."""
    events = await services.database.read(lambda connection: list_events(connection, ACCOUNT))
    found = Counter[tuple[str, str]]()
    for event in events:
        if event.outcome != "operator":
            found[event.kind, event.outcome] += event.count
    return found


async def counted(services: Services, name: str) -> list[int]:
    """The amounts in the counters of a limit."""
    found = await rows(services, counters)
    return [spent(row["log"]) for row in found if row["name"] == name]


def spent(log: str) -> int:
    """The amount in the log of a quota."""
    return sum(count for _, count in json.loads(log))


def with_passwords(completion: CompletionService, passwords: Passwords) -> CompletionService:
    """The service with another `Passwords`."""
    return evolve(completion, passwords=passwords, guesses=evolve(completion.guesses, passwords=passwords))


async def refusal(of: Awaitable[object]) -> str:
    """The code and message of an error, which must be raised."""
    with pytest.raises(InvalidRequestError) as caught:
        await of
    return f"{caught.value.code}: {caught.value.message}"


async def all_ends(*tries: Awaitable[object]) -> Counter[str]:
    """The results of concurrent calls: the names of errors, or "ok", with their counts."""
    ends = await asyncio.gather(*tries, return_exceptions=True)
    return Counter(type(end).__name__ if isinstance(end, BaseException) else "ok" for end in ends)
