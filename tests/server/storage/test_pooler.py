"""PostgreSQL behind a pooler in transaction mode, which runs each transaction on whatever connection is free."""

from __future__ import annotations

import asyncio
import string
from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy.engine import Connection

from meshydb import AsyncMeshyClient
from meshydb_server.runtime import open_services
from meshydb_server.services.common.dependencies import Dependencies
from meshydb_server.services.users.new_users import NewUser
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import StorageError
from tests.server.storage.pgbouncer import pooling
from tests.support.databases.postgres import Postgres
from tests.support.dependencies import CHEAP_HASHER
from tests.support.server import serving, settings_in

pytestmark = pytest.mark.anyio

_USERS = string.ascii_lowercase[:8]
# Statements are prepared when they come for the fifth time on a connection.
_TIMES = 8


@pytest.fixture
def url(postgresql: Postgres) -> Generator[str]:
    """The URL of a new database."""
    with postgresql.database() as url:
        yield url


@pytest.mark.parametrize(
    ("prepared", "further"),
    [
        pytest.param("off", "", id="off"),
        # Found out, where the pooler takes what it does not pass on: values would get into statements of others.
        pytest.param("on", "ignore_startup_parameters = options", id="found-out"),
    ],
)
async def test_many_at_once(tmp_path: Path, url: str, prepared: str, further: str) -> None:
    """Many requests at once over few connections each get what is theirs."""
    with pooling(url, further=further) as pool:
        settings = settings_in(tmp_path, database_url=pool, prepared_statements=prepared)
        dependencies = Dependencies(hasher=CHEAP_HASHER)
        async with open_services(settings, dependencies) as services:
            (created,) = await services.accounts.create_account("acme", ["north"])
            for name in _USERS:
                new = NewUser(username=name, email=f"{name}@example.org", password=f"a passphrase of {name}")
                await services.accounts.create_user("acme", "north", new)
        with serving(settings, dependencies) as server:
            async with AsyncMeshyClient(
                "acme", "north", created.public_key, base_url=server.url, auth_url=server.url, max_retries=0
            ) as client:

                async def use(name: str) -> None:
                    for _ in range(_TIMES):
                        assert (await client.forgot_password(name)).hint == f"{name}***@example.org"
                        connection = await client.login(name, f"a passphrase of {name}")
                        assert (await connection.users.get_self()).username == name

                await asyncio.gather(*map(use, _USERS))


async def test_limits(url: str) -> None:
    """A transaction has its limits, and leaves nothing of them to those that come after it on the connection."""

    def limits(connection: Connection) -> list[str]:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        return [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]

    with pooling(url, connections=1) as pool:
        async with Database(pool, timeout=10.0, prepared_statements=False) as database:
            await database.migrate()
            assert await database.read(limits) == await database.write(limits) == ["8s", "5s", "10s"]
        async with Database(f"{pool}&options=", prepared_statements=False) as other:

            def reset(connection: Connection) -> list[str]:
                connection.exec_driver_sql("ROLLBACK")
                return limits(connection)

            assert await other.read(reset) == ["0", "0", "0"]


async def test_advice(url: str) -> None:
    """If the pooler rejects a connection with prepared statements, the error says what to set."""
    with pooling(url) as pool:
        async with Database(pool) as database:
            with pytest.raises(StorageError, match=r"set MESHYDB_PREPARED_STATEMENTS=off$"):
                await database.migrate()
