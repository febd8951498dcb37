"""Transactions, migrations and errors of the database."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, MetaData, Table, insert, inspect, select
from sqlalchemy.engine import Connection

from meshydb_server.storage.accounts import account_exists, has_accounts, insert_account, insert_tenant
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import DuplicateError, StaleError, StorageError
from meshydb_server.storage.engine.sqlite.connections import retry_while_busy
from meshydb_server.storage.schema import Instant, metadata
from tests.support.databases.transactions import NOW, add, count, exists, held

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    """A database of each kind, with its tables."""
    async with Database(database_url) as database:
        yield database


def _is_of_both(name: str | None, kind: str, parents: Any) -> bool:
    """Whether both databases have it. On PostgreSQL alone, documents have an indexed column for filters."""
    return (parents.get("table_name"), kind, name) not in {
        ("documents", "column", "doc"),
        ("documents", "index", "ix_documents_doc"),
    }


async def test_migrations_make_the_schema(empty_database_url: str) -> None:
    """The migrations leave exactly the tables that the code knows."""

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"include_name": _is_of_both})
        return [*compare_metadata(context, metadata)]

    async with Database(empty_database_url) as database:
        await database.migrate()
        assert await database.read(differences) == []


async def test_migrating_twice(database: Database) -> None:
    """Migrating an up-to-date database changes nothing."""
    await database.write(add("acme"))
    await database.migrate()
    assert await exists(database, "acme")


async def test_migrating_at_once(empty_database_url: str) -> None:
    """Several first uses of one database at the same time leave it as one would."""
    databases = [Database(empty_database_url) for _ in range(4)]
    await asyncio.gather(*(database.migrate() for database in databases))
    for number, database in enumerate(databases):
        async with database:
            await database.write(add(f"acme{number}"))


def test_busy_for_a_reason() -> None:
    """A file that is busy because another process sets it up is waited for, as one that is busy with anything else."""

    class Recovering(sqlite3.Connection):
        """The first statement meets what can be seen in one of hundreds of first uses at the same time."""

        codes: ClassVar = [sqlite3.SQLITE_BUSY_RECOVERY, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_ERROR]

        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            if not self.codes:
                return super().execute(sql, *parameters)
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = self.codes.pop(0)
            raise error

    with closing(sqlite3.connect(":memory:", factory=Recovering)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            retry_while_busy(connection, "BEGIN IMMEDIATE", 60)
        assert not connection.codes
        retry_while_busy(connection, "BEGIN IMMEDIATE", 60)
        assert connection.in_transaction


@pytest.mark.parametrize("version", ["9999", "abc123"])
async def test_unknown_version(empty_database_url: str, version: str) -> None:
    """A database of a newer server or another program is an error of one line, and stays unchanged."""

    def pretend(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{version}')")  # noqa: S608

    async with Database(empty_database_url) as database:
        await database.write(pretend)
        with pytest.raises(
            StorageError, match=r"^The database .+ failed: it was created by a newer version .+ another program$"
        ):
            await database.migrate()
        tables = await database.read(lambda connection: inspect(connection).get_table_names())
    assert tables == ["alembic_version"]


async def test_broken_migration_leaves_nothing(empty_database_url: str) -> None:
    """A migration that fails in the middle is taken back as a whole."""

    def obstruct(connection: Connection) -> None:
        # The last table that the first migration makes.
        connection.exec_driver_sql("CREATE TABLE outbox (other INTEGER)")

    async with Database(empty_database_url) as database:
        await database.write(obstruct)
        with pytest.raises(StorageError, match=r"outbox.* already exists"):
            await database.migrate()
        assert await database.read(lambda connection: inspect(connection).get_table_names()) == ["outbox"]


async def test_writers_take_turns(database_url: str, database: Database) -> None:
    """Many writers at once, in one process and through several connections, all succeed."""

    async def write(name: str, through: Database) -> None:
        def transaction(connection: Connection) -> None:
            # A transaction that reads before it writes is the one that SQLite would fail.
            assert not account_exists(connection, name)
            insert_account(connection, name, "north", NOW)

        await through.write(transaction)

    def write_from_another_thread(thread: int) -> None:
        async def run() -> None:
            async with Database(database_url) as other:
                await asyncio.gather(*(write(f"thread{thread}-{number}", other) for number in range(10)))

        asyncio.run(run())

    with ThreadPoolExecutor(3) as pool:
        loop = asyncio.get_running_loop()
        others = [loop.run_in_executor(pool, write_from_another_thread, thread) for thread in range(3)]
        await asyncio.gather(*others, *(write(f"own-{number}", database) for number in range(10)))
    assert await database.read(count) == 40


async def test_readers_do_not_wait(database_url: str, database: Database) -> None:
    """While one writes, others read what stood before."""
    async with held(database_url, add("acme")):
        assert not await exists(database, "acme")
    assert await exists(database, "acme")


async def test_rolled_back(database: Database) -> None:
    """A transaction that raises is rolled back, and the next one can write."""

    def fail(connection: Connection) -> None:
        insert_account(connection, "acme", "north", NOW)
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(fail)
    assert not await exists(database, "acme")
    await database.write(add("acme"))


async def test_duplicate(database: Database) -> None:
    """A duplicate key is an error of its own."""
    await database.write(add("acme"))
    with pytest.raises(DuplicateError, match=r"^(UNIQUE constraint failed|duplicate key value).*accounts.*$"):
        await database.write(add("acme"))


async def test_broken_reference(database: Database) -> None:
    """A reference to nothing is a failure, and no duplicate."""
    with pytest.raises(StorageError, match=r"failed: .*(?i:foreign key constraint)"):
        await database.write(lambda connection: insert_tenant(connection, "nowhere", "north", "key", NOW))


async def test_reading_does_not_write(database: Database) -> None:
    """A transaction that only reads cannot write."""
    with pytest.raises(StorageError, match=r"read-?only"):
        await database.read(add("acme"))


async def test_several_at_once(database: Database) -> None:
    """Concurrent transactions succeed or fail independently."""

    def fail(connection: Connection) -> None:
        insert_account(connection, "failed", "north", NOW)
        raise LookupError

    works = [add("one"), add("one"), add("other"), fail]
    outcomes = await asyncio.gather(*map(database.write, works), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes[:2]} == {type(None), DuplicateError}
    assert [type(outcome) for outcome in outcomes[2:]] == [type(None), LookupError]
    assert [await exists(database, name) for name in ("one", "failed", "other")] == [True, False, True]


async def test_many_at_once(database: Database) -> None:
    """Any number of concurrent transactions is written."""
    await asyncio.gather(*(database.write(add(f"acme{number}")) for number in range(250)))
    assert await database.read(count) == 250


async def test_stale(database: Database) -> None:
    """A transaction that finds itself overtaken is run again, from the start."""
    runs: list[int] = []

    def transaction(connection: Connection) -> str:
        insert_account(connection, "acme", "north", NOW)
        runs.append(len(runs))
        if len(runs) < 20:
            raise StaleError
        return "done"

    assert await database.write(transaction) == "done"
    assert len(runs) == 20
    assert await exists(database, "acme")


async def test_stale_for_ever(database: Database) -> None:
    """A transaction that is overtaken again and again is given up."""

    def transaction(_: Connection) -> None:
        raise StaleError

    with pytest.raises(StorageError, match=r"in conflict with others 20 times$"):
        await database.write(transaction)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "canary",
        "nosuch://localhost",
        "sqlite+nosuch:///x",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///:memory:",
        "sqlite+aiosqlite:///file::memory:?cache=shared&uri=true",
        "sqlite+aiosqlite:///x?cached_statements=canary",
        "sqlite+aiosqlite:///x?check_same_thread=true",
        "sqlite+aiosqlite:///x?canary=1",
        "sqlite+aiosqlite:///x?timeout=canary",
        "sqlite+aiosqlite:///x?timeout=1&timeout=2",
        "sqlite+aiosqlite:///x?timeout=nan",
        "sqlite+aiosqlite:///x?timeout=inf",
        "sqlite+aiosqlite:///x?timeout=-1",
        "sqlite+aiosqlite:///x?timeout=2147484",
        "sqlite+aiosqlite://u:canary@h/d",
        "postgresql+nosuch://u:canary@h/d",
        "mysql+aiomysql://u:canary@h/d",
        # A password without its user and host, read as a port.
        "postgresql+psycopg://u:canary/d",
    ],
)
async def test_url_of_no_use(url: str) -> None:
    """An unusable URL is an error of one line without its password."""
    with pytest.raises(StorageError, match=r"^The database URL cannot be used: .+$") as caught:
        Database(url)
    assert "canary" not in str(caught.value)


async def test_ping(database: Database) -> None:
    """A database that answers is in order."""
    await database.read(has_accounts)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)),
        (datetime(2030, 1, 1, 0, 0, 0, 123_999, tzinfo=UTC), datetime(2030, 1, 1, 0, 0, 0, 123_000, tzinfo=UTC)),
        (datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),) * 2,
        (datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),) * 2,
        (datetime(2030, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), datetime(2030, 1, 1, tzinfo=UTC)),
        (None, None),
    ],
)
async def test_instant(database: Database, given: datetime | None, kept: datetime | None) -> None:
    """A moment comes back from the database in UTC, to the millisecond."""
    table = Table("moments", MetaData(), Column("at", Instant))

    def transaction(connection: Connection) -> tuple[datetime | None, int | None]:
        table.create(connection)
        connection.execute(insert(table).values(at=given))
        return connection.execute(select(table.c.at)).scalar(), connection.exec_driver_sql(
            "SELECT at FROM moments"
        ).scalar()

    read, raw = await database.write(transaction)
    assert read == kept
    assert read is None or read.tzinfo is UTC
    assert raw == (None if kept is None else round(kept.timestamp() * 1000))
