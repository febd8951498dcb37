"""PostgreSQL: conflicting transactions, and servers that cannot be reached."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator, Generator

import pytest
from sqlalchemy import update
from sqlalchemy.engine import Connection

from meshydb_server.storage.accounts import has_accounts
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.effects import noting_effects
from meshydb_server.storage.engine.errors import NothingDoneError, StorageError
from meshydb_server.storage.schema import accounts
from tests.support.databases.postgres import Postgres
from tests.support.databases.transactions import add, exists
from tests.support.mail.sending import LoopTime

pytestmark = pytest.mark.anyio

_READERS, _WRITERS = 4, 8


@pytest.fixture
def url(postgresql: Postgres) -> Generator[str]:
    """The URL of a new database."""
    with postgresql.database() as url:
        yield url


@pytest.fixture
async def database(url: str) -> AsyncGenerator[Database]:
    """The database, with its tables."""
    async with Database(url) as database:
        await database.migrate()
        yield database


async def test_deadlock(database: Database) -> None:
    """Of two deadlocked transactions, one is rolled back and retried, and both succeed."""
    await database.write(add("one"))
    await database.write(add("other"))
    begun: set[str] = set()
    runs: list[str] = []
    ended: list[str] = []

    async def rename(first: str, second: str) -> None:
        def transaction(connection: Connection) -> None:
            runs.append(first)
            while len(runs) > 2 and not ended:
                # Lets the one that goes on have both rows; they would wait for each other a second time else.
                connection.exec_driver_sql("SELECT 1")
            for account in (first, second):
                change = update(accounts).values(default_tenant=f"{first} first")
                connection.execute(change.where(accounts.c.account == account))
                begun.add(first)
                while len(begun) < 2:
                    # Lets the other one begin.
                    connection.exec_driver_sql("SELECT 1")

        await database.write(transaction)
        ended.append(first)

    await asyncio.gather(rename("one", "other"), rename("other", "one"))
    assert len(runs) == 3


@pytest.mark.parametrize("code", ["40001", "40P01"])
async def test_overtaken(database: Database, code: str) -> None:
    """A transaction that PostgreSQL undoes for the sake of others is run again, in the end not for ever."""
    runs: list[str] = []

    def transaction(connection: Connection) -> None:
        runs.append(code)
        connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION 'overtaken' USING ERRCODE = '{code}'; END $$")

    with pytest.raises(StorageError, match=r"in conflict with others 20 times$"):
        await database.write(transaction)
    assert len(runs) == 20


async def test_caller_that_leaves(database: Database) -> None:
    """A caller that is cancelled in the middle leaves nothing behind, and no connection less."""

    def hang(connection: Connection) -> None:
        add("acme")(connection)
        connection.exec_driver_sql("SELECT pg_sleep(3600)")

    def hanging(connection: Connection) -> bool:
        sleeping = "datname = current_database() AND wait_event = 'PgSleep'"
        return connection.exec_driver_sql(f"SELECT FROM pg_stat_activity WHERE {sleeping}").first() is not None

    for _ in range(_WRITERS + 1):
        leaving = asyncio.create_task(database.write(hang))
        while not await database.read(hanging):
            pass
        leaving.cancel()
        await asyncio.wait({leaving})
        assert leaving.cancelled()
    assert not await exists(database, "acme")


async def test_no_connection_left(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting too long for a connection is an error that says that all are in use. The request may be sent again."""
    lock, unlock = "SELECT pg_advisory_xact_lock(1)", asyncio.Event()

    def hold(connection: Connection) -> None:
        connection.exec_driver_sql(lock)
        while not unlock.is_set():
            connection.exec_driver_sql("SELECT 1")

    # Those who have a connection have time left when another has waited for long enough.
    async with Database(url, timeout=1000) as database:
        await database.migrate()
        for use, most in ((database.write, _WRITERS), (database.read, _READERS)):
            holding = [asyncio.create_task(use(hold)) for _ in range(most)]
            with noting_effects():
                waiting = asyncio.create_task(use(has_accounts))
            await LoopTime(monkeypatch).run_until(waiting.done)
            unlock.set()
            await asyncio.gather(*holding)
            with pytest.raises(NothingDoneError, match="failed: all of its connections are in use"):
                await waiting
            await use(has_accounts)
            unlock.clear()


async def test_connections_that_were_cut(url: str, database: Database) -> None:
    """After the server has dropped its connections, as it does when it restarts, new ones are made."""
    await database.read(has_accounts)

    def cut(connection: Connection) -> None:
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE {others}")  # noqa: S608

    async with Database(url) as other:
        await other.write(cut)
    await database.read(has_accounts)


async def test_server_away() -> None:
    """An unreachable server is an error of one line without the password."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    address = rf"127\.0\.0\.1:{port}/meshydb"
    for url in (
        f"postgresql+psycopg://rosa:canary@127.0.0.1:{port}/meshydb",
        f"postgresql://127.0.0.1:{port}/meshydb?user=rosa&password=canary",
    ):
        async with Database(url) as database:
            for use in (database.migrate, lambda: database.read(has_accounts)):
                with pytest.raises(StorageError, match=rf"^The database .*{address}.* failed: .*refused") as caught:
                    await use()
                assert "canary" not in str(caught.value)
                assert "\n" not in str(caught.value)


async def test_no_such_database(postgresql: Postgres) -> None:
    """The error about a missing database names it."""
    url = postgresql.url.set(drivername="postgresql+psycopg", database="nowhere")
    async with Database(url.render_as_string(hide_password=False)) as database:
        with pytest.raises(StorageError, match='database "nowhere" does not exist'):
            await database.migrate()


def test_no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its driver, the error says how to install it."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StorageError, match=r"pip install '\.\[server,postgres\]'$"):
        Database("postgresql+psycopg://localhost/meshydb")
