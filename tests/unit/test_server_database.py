"""Transactions, migrations and what is told of a database that fails."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, MetaData, Table, insert, select, text
from sqlalchemy.engine import Connection

from meshydb_server.storage.accounts import account_exists, insert_account
from meshydb_server.storage.database import Database
from meshydb_server.storage.errors import DuplicateError, StorageError
from meshydb_server.storage.schema import Instant, metadata

pytestmark = pytest.mark.anyio

_NOW = datetime(2030, 1, 1, tzinfo=UTC)


def _url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'meshydb.sqlite3'}"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    """A new database, with its tables."""
    async with Database(_url(tmp_path)) as database:
        await database.migrate()
        yield database


async def test_migrations_make_the_schema(database: Database) -> None:
    """The migrations leave exactly the tables that the code knows."""

    def differences(connection: Connection) -> list[object]:
        return [*compare_metadata(MigrationContext.configure(connection), metadata)]

    async with database.reading() as connection:
        assert await connection.run_sync(differences) == []


async def test_migrating_twice(database: Database) -> None:
    """A database that is up to date is left as it is."""
    async with database.writing() as connection:
        await insert_account(connection, "acme", "north", _NOW)
    await database.migrate()
    async with database.reading() as connection:
        assert await account_exists(connection, "acme")


async def test_migrating_at_once(tmp_path: Path) -> None:
    """Several first uses of one database at the same time leave it as one would."""
    databases = [Database(_url(tmp_path)) for _ in range(4)]
    await asyncio.gather(*(database.migrate() for database in databases))
    for number, database in enumerate(databases):
        async with database, database.writing() as connection:
            await insert_account(connection, f"acme{number}", "north", _NOW)


async def test_broken_migration_leaves_nothing(tmp_path: Path) -> None:
    """A migration that fails in the middle is taken back as a whole."""
    path = tmp_path / "meshydb.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        # The last table that the first migration makes.
        connection.execute("CREATE TABLE outbox (other)")
    async with Database(_url(tmp_path)) as database:
        with pytest.raises(StorageError, match="table outbox already exists"):
            await database.migrate()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [("outbox",)]


async def test_writers_take_turns(tmp_path: Path, database: Database) -> None:
    """Many writers at once, in one process and through several connections, all succeed."""

    async def write(name: str, through: Database) -> None:
        async with through.writing() as connection:
            # A transaction that reads before it writes is the one that SQLite would fail.
            assert not await account_exists(connection, name)
            await insert_account(connection, name, "north", _NOW)

    def write_from_another_thread(thread: int) -> None:
        async def run() -> None:
            async with Database(_url(tmp_path)) as other:
                await asyncio.gather(*(write(f"thread{thread}-{number}", other) for number in range(10)))

        asyncio.run(run())

    with ThreadPoolExecutor(3) as pool:
        loop = asyncio.get_running_loop()
        others = [loop.run_in_executor(pool, write_from_another_thread, thread) for thread in range(3)]
        await asyncio.gather(*others, *(write(f"own-{number}", database) for number in range(10)))
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM accounts"))).scalar() == 40


async def test_readers_do_not_wait(database: Database) -> None:
    """While one writes, others read what stood before."""
    async with database.writing() as writing:
        await insert_account(writing, "acme", "north", _NOW)
        async with database.reading() as reading:
            assert not await account_exists(reading, "acme")


async def test_rolled_back(database: Database) -> None:
    """What a transaction wrote before it raised does not stand, and the next one can write."""

    async def fail() -> None:
        async with database.writing() as connection:
            await insert_account(connection, "acme", "north", _NOW)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with database.writing() as connection:
        assert not await account_exists(connection, "acme")
        await insert_account(connection, "acme", "north", _NOW)


async def test_duplicate(database: Database) -> None:
    """A key that exists is told apart from other failures."""
    async with database.writing() as connection:
        await insert_account(connection, "acme", "north", _NOW)
    with pytest.raises(DuplicateError, match=r"^UNIQUE constraint failed: accounts\.account$"):
        async with database.writing() as connection:
            await insert_account(connection, "acme", "north", _NOW)


async def test_durable(database: Database) -> None:
    """What is acknowledged survives a loss of power, and references are checked."""
    async with database.reading() as connection:
        pragmas = [(await connection.execute(text(f"PRAGMA {name}"))).scalar() for name in _PRAGMAS]
    assert pragmas == list(_PRAGMAS.values())


_PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "canary",
        "sqlite:///x",
        "nosuch://localhost",
        "sqlite+nosuch:///x",
        "postgresql+nosuch://u:canary@h/d",
        "mysql+aiomysql://u:canary@h/d",
    ],
)
async def test_url_of_no_use(url: str) -> None:
    """A URL that SQLAlchemy cannot use is told of in one line without its password."""
    with pytest.raises(StorageError, match=r"^The database URL cannot be used: .+$") as caught:
        Database(url)
    assert "u:canary" not in str(caught.value)


@pytest.mark.parametrize("kind", ["folder", "garbage", "missing-folder"])
async def test_file_of_no_use(tmp_path: Path, kind: str) -> None:
    """A file that is no database is told of in one line, which names it, and is left as it is."""
    path = tmp_path / "meshydb.sqlite3"
    if kind == "folder":
        path.mkdir()
    elif kind == "garbage":
        path.write_bytes(b"no database" * 1000)
    else:
        path = tmp_path / "missing" / "meshydb.sqlite3"
    # The loop's own thread for blocking calls stays, and is not one of the driver's.
    await asyncio.to_thread(threading.get_ident)
    threads = set(threading.enumerate())
    async with Database(f"sqlite+aiosqlite:///{path}") as database:
        for use in (database.migrate, database.ping):
            with pytest.raises(StorageError) as caught:
                await use()
            assert str(path) in str(caught.value)
            assert "\n" not in str(caught.value)
    # The driver's threads outlive a connection that failed, and report to the loop, which must not end before them.
    for thread in set(threading.enumerate()) - threads:
        await asyncio.to_thread(thread.join)
    assert kind != "garbage" or path.read_bytes() == b"no database" * 1000


async def test_server_out_of_reach(database: Database) -> None:
    """A failure of the network, or of the pool, is told of in one line like any other."""

    async def fail(message: str) -> None:
        async with database.reading():
            raise ConnectionRefusedError(message)

    with pytest.raises(StorageError, match=r"is out of reach: refused$") as caught:
        await fail("refused\nand more")
    assert "\n" not in str(caught.value)


async def test_ping(database: Database) -> None:
    """A database that answers is in order."""
    await database.ping()


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
    async with database.writing() as connection:
        await connection.run_sync(table.create)
        await connection.execute(insert(table).values(at=given))
        read = (await connection.execute(select(table.c.at))).scalar()
        raw = (await connection.execute(text("SELECT at FROM moments"))).scalar()
    assert read == kept
    assert read is None or read.tzinfo is UTC
    assert raw == (None if kept is None else round(kept.timestamp() * 1000))
