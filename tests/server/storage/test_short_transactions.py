"""Look-ups of rows by their keys, and changes of one statement."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select
from sqlalchemy.engine import Connection

from meshydb_server.storage.accounts import account_exists
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import DuplicateError, StorageError
from meshydb_server.storage.engine.prepared import Change, Lookup, Prepared
from meshydb_server.storage.schema import accounts
from tests.support.databases.postgres import Postgres
from tests.support.databases.transactions import NOW, add, count, held, rename, until_one_waits

pytestmark = pytest.mark.anyio

_FIND = Prepared(select(accounts.c.account, accounts.c.created_at).where(accounts.c.account == bindparam("name")))
_INSERT = Prepared(insert(accounts))


def _account(name: str) -> Lookup[Sequence[Sequence[Any]]]:
    return Lookup(_FIND, {"name": name}, lambda rows: rows)


def _new(name: str) -> Change:
    return Change(add(name), _INSERT, {"account": name, "default_tenant": "north", "created_at": NOW})


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    """A database of each kind, with its tables."""
    async with Database(database_url) as database:
        yield database


async def test_rows(database: Database) -> None:
    """A look-up sees what has been committed, with values converted as in a transaction."""
    # Several at once are the first.
    assert await asyncio.gather(*(database.look_up(_account("acme")) for _ in range(10))) == [[]] * 10
    await database.write(add("acme"))
    assert await database.look_up(_account("acme")) == [["acme", NOW]]
    await database.change(_new("other"))
    # Alone, and then by one of the connections that stay open.
    await database.change(_new("third"))
    found = await asyncio.gather(*(database.look_up(_account(name)) for name in ("acme", "other", "third") * 5))
    assert [rows[0][0] for rows in found] == ["acme", "other", "third"] * 5


async def test_brief_reads(database: Database) -> None:
    """A brief transaction reads as others do, writes nothing, and leaves nothing open after an error."""

    def fail(connection: Connection) -> None:
        assert account_exists(connection, "acme")
        raise KeyError

    await database.write(add("acme"))
    with pytest.raises(KeyError):
        await database.read(fail, brief=True)
    with pytest.raises(StorageError):
        await database.read(add("other"), brief=True)
    # What another connection writes is seen by the next.
    await database.write(add("third"))
    counts = await asyncio.gather(*(database.read(count, brief=True) for _ in range(10)))
    assert counts == [2] * 10


async def test_failures(database: Database) -> None:
    """A failed look-up or change is an error of storage, and those after it succeed."""
    await database.change(_new("acme"))
    for _ in range(2):
        with pytest.raises(DuplicateError):
            await database.change(_new("acme"))
    await database.write(rename("accounts", "hidden"))
    for use in (database.look_up(_account("acme")), database.change(_new("other"))):
        with pytest.raises(StorageError, match="accounts"):
            await use
    await database.write(rename("hidden", "accounts"))
    await database.change(_new("other"))
    assert await database.look_up(_account("other"))


async def test_connections_that_were_cut(postgresql: Postgres) -> None:
    """After the server has dropped its connections, as it does when it restarts, new ones are made."""
    with postgresql.database() as url:
        async with Database(url) as database, Database(url) as other:
            await database.migrate()

            def cut(connection: Connection) -> None:
                others = "datname = current_database() AND pid <> pg_backend_pid()"
                statement = f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE {others}"  # noqa: S608
                connection.exec_driver_sql(statement)

            for name in ("one", "two"):
                await database.write(add(name))
                await asyncio.gather(*(database.look_up(_account(name)) for _ in range(8)))
                await other.write(cut)
                assert await database.look_up(_account(name))
                await database.write(add(f"{name} again"))


async def test_locked_row(postgresql: Postgres) -> None:
    """Changes that wait for a row of another transaction do not hold up look-ups."""
    with postgresql.database() as url:
        async with Database(url) as database:
            await database.migrate()
            await database.write(add("acme"))
            async with held(url, add("taken")):
                changes = [asyncio.create_task(database.change(_new("taken"))) for _ in range(16)]
                await until_one_waits(database)
                found = await asyncio.gather(*(database.look_up(_account("acme")) for _ in range(10)))
                assert found == [[["acme", NOW]]] * 10
                assert not any(change.done() for change in changes)
            results = await asyncio.gather(*changes, return_exceptions=True)
            assert all(isinstance(result, DuplicateError) for result in results)
