"""The server of the tests, in its own process, so that a test can freeze or move its clock.

It serves until its standard input ends. Each line there is a call. The result is a line on standard output.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import uvicorn
from anyio.from_thread import BlockingPortal, start_blocking_portal
from argon2 import PasswordHasher
from attrs import frozen
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from meshydb_server.configuration.settings import Settings
from meshydb_server.contract import Contract
from meshydb_server.http.app import create_app
from meshydb_server.runtime import Services, open_services
from meshydb_server.schemas import InvalidValueError
from meshydb_server.serve import configure, listen, url_of
from meshydb_server.services.accounts import TenantChange
from meshydb_server.services.common.dependencies import Dependencies
from meshydb_server.services.common.errors import ServiceError
from meshydb_server.services.common.usernames import username_key
from meshydb_server.services.users import NewQuestion, NewUser

T = TypeVar("T")

# Argon2id at its lowest cost: a hash takes a millisecond, and is not secure. For tests only.
_CHEAP_HASHER: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class _Settings(Settings):
    """Settings that ignore the environment: a developer's own could send real mail, or open a real database."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic passes it
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Use the passed values only."""
        return (init_settings,)


@frozen
class _Host:
    """A running server, and its services for direct calls. Methods raise ValueError if a call is rejected."""

    url: str
    services: Services
    contract: Contract
    portal: BlockingPortal

    def create_account(self, name: str, tenant: str) -> str:
        """Create an account with one tenant. Return the public key."""
        (created,) = self._run(self.services.accounts.create_account(name, [tenant]))
        return created.public_key

    def create_tenant(self, account: str, name: str, verification: Any) -> Mapping[str, str]:
        """Add a tenant. Return public keys by the names of tenants."""
        self._check("TenantName", name)
        accounts = self.services.accounts
        created = self._run(accounts.create_tenant(account, name))
        self._run(accounts.configure_tenant(account, name, TenantChange(verification=verification)))
        return {each.name: each.public_key for each in created}

    def create_user(
        self, account: str, tenant: str, username: str, questions: Sequence[tuple[str, str]], given: Mapping[str, Any]
    ) -> str:
        """Add a user. Return the id."""
        self._check("Username", username)
        security_questions = [NewQuestion(question, answer) for question, answer in questions]
        new = NewUser(username=username, questions=security_questions, **given)
        return self._run(self.services.accounts.create_user(account, tenant, new)).user_id

    def messages(self, account: str, tenant: str | None = None, username: str | None = None) -> list[dict[str, Any]]:
        """Return the messages to an account's users, or to one of them, oldest first."""
        return [
            {
                "tenant": message.tenant,
                "username": message.username,
                "kind": message.kind,
                "channel": message.channel,
                "to": message.recipient,
                "code": code,
                "created_at": message.created_at.isoformat(),
            }
            for message, code in self._run(self.services.outbox.messages(account))
            if username is None or (message.tenant, username_key(message.username)) == (tenant, username_key(username))
        ]

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        async def call() -> T:
            return await work

        try:
            return self.portal.call(call)
        except ServiceError as error:
            raise ValueError(str(error)) from error

    def _check(self, schema: str, name: str) -> None:
        try:
            self.contract.component(schema).validate(name)
        except InvalidValueError as error:
            raise ValueError(f"{name!r} cannot be a name: {error}") from error


@contextmanager
def _hosting(folder: Path) -> Generator[_Host]:
    """Serve an empty database in a folder until the block ends."""
    settings = _Settings(
        database_url=f"sqlite+aiosqlite:///{quote(str(folder / 'meshydb.sqlite3'))}",
        # All tests have the same address.
        rate_limit="off",
        account_rate_limit="off",
    )
    dependencies, contract = Dependencies(hasher=_CHEAP_HASHER), Contract.load()
    server = uvicorn.Server(configure(create_app(settings, dependencies, contract), settings))
    with (
        listen("127.0.0.1", 0) as sock,
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(open_services(settings, dependencies)) as services,
    ):
        serving = portal.start_task_soon(server.serve, [sock])
        try:
            yield _Host(url_of(sock), services, contract, portal)
        finally:
            server.should_exit = True
            serving.result()


def main(folder: str) -> None:
    """Serve: print the URL first, then run calls."""
    # An interrupt ends the tests, and they end this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Other output must not get between the results.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as results, _hosting(Path(folder)) as host:
        os.dup2(2, 1)
        calls: dict[str, Callable[..., object]] = {
            call.__name__: call for call in (host.create_account, host.create_tenant, host.create_user, host.messages)
        }
        print(json.dumps({"result": host.url}), file=results, flush=True)
        for line in sys.stdin:
            name, arguments = json.loads(line)
            try:
                result = {"result": calls[name](*arguments)}
            except ValueError as error:
                result = {"error": str(error)}
            print(json.dumps(result), file=results, flush=True)
