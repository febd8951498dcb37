"""Transactions, migrations and what is told of a database that fails."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, MetaData, Table, func, insert, select
from sqlalchemy.engine import Connection

from meshydb_server.storage.accounts import account_exists, insert_account, insert_tenant
from meshydb_server.storage.database import Database
from meshydb_server.storage.errors import DuplicateError, StaleError, StorageError
from meshydb_server.storage.schema import Instant, accounts, metadata

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


def _add(account: str) -> Callable[[Connection], None]:
    """A transaction that adds an account."""
    return lambda connection: insert_account(connection, account, "north", _NOW)


async def _exists(database: Database, account: str) -> bool:
    return await database.read(lambda connection: account_exists(connection, account))


async def test_migrations_make_the_schema(database: Database) -> None:
    """The migrations leave exactly the tables that the code knows."""

    def differences(connection: Connection) -> list[object]:
        return [*compare_metadata(MigrationContext.configure(connection), metadata)]

    assert await database.read(differences) == []


async def test_migrating_twice(database: Database) -> None:
    """A database that is up to date is left as it is."""
    await database.write(_add("acme"))
    await database.migrate()
    assert await _exists(database, "acme")


async def test_migrating_at_once(tmp_path: Path) -> None:
    """Several first uses of one database at the same time leave it as one would."""
    databases = [Database(_url(tmp_path)) for _ in range(4)]
    await asyncio.gather(*(database.migrate() for database in databases))
    for number, database in enumerate(databases):
        async with database:
            await database.write(_add(f"acme{number}"))


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
        def transaction(connection: Connection) -> None:
            # A transaction that reads before it writes is the one that SQLite would fail.
            assert not account_exists(connection, name)
            insert_account(connection, name, "north", _NOW)

        await through.write(transaction)

    def write_from_another_thread(thread: int) -> None:
        async def run() -> None:
            async with Database(_url(tmp_path)) as other:
                await asyncio.gather(*(write(f"thread{thread}-{number}", other) for number in range(10)))

        asyncio.run(run())

    with ThreadPoolExecutor(3) as pool:
        loop = asyncio.get_running_loop()
        others = [loop.run_in_executor(pool, write_from_another_thread, thread) for thread in range(3)]
        await asyncio.gather(*others, *(write(f"own-{number}", database) for number in range(10)))
    assert await database.read(_count) == 40


def _count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(accounts)).scalar_one()


async def test_readers_do_not_wait(database: Database) -> None:
    """While one writes, others read what stood before."""
    written, let_go = threading.Event(), threading.Event()

    def transaction(connection: Connection) -> None:
        insert_account(connection, "acme", "north", _NOW)
        written.set()
        let_go.wait()

    writing = asyncio.create_task(database.write(transaction))
    await asyncio.to_thread(written.wait)
    assert not await _exists(database, "acme")
    let_go.set()
    await writing
    assert await _exists(database, "acme")


async def test_rolled_back(database: Database) -> None:
    """What a transaction wrote before it raised does not stand, and the next one can write."""

    def fail(connection: Connection) -> None:
        insert_account(connection, "acme", "north", _NOW)
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(fail)
    assert not await _exists(database, "acme")
    await database.write(_add("acme"))


async def test_duplicate(database: Database) -> None:
    """A key that exists is told apart from other failures."""
    await database.write(_add("acme"))
    with pytest.raises(DuplicateError, match=r"^UNIQUE constraint failed: accounts\.account$"):
        await database.write(_add("acme"))


async def test_broken_reference(database: Database) -> None:
    """A reference to nothing is a failure, and no duplicate."""
    with pytest.raises(StorageError, match=r"FOREIGN KEY constraint failed$"):
        await database.write(lambda connection: insert_tenant(connection, "nowhere", "north", "key", _NOW))


async def test_reading_does_not_write(database: Database) -> None:
    """A transaction that only reads cannot write."""
    with pytest.raises(StorageError, match="readonly"):
        await database.read(_add("acme"))


async def test_one_group(database: Database) -> None:
    """Of transactions that wait together, each stands or falls by itself."""

    def fail(connection: Connection) -> None:
        insert_account(connection, "failed", "north", _NOW)
        raise LookupError

    works = [_add("one"), fail, _add("one"), _add("other")]
    outcomes = await asyncio.gather(*map(database.write, works), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), LookupError, DuplicateError, type(None)]
    assert [await _exists(database, name) for name in ("one", "failed", "other")] == [True, False, True]


async def test_callers_that_leave(database: Database) -> None:
    """A caller that is cancelled disturbs nobody, and what it waited to write is not written."""
    begun, let_go = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        begun.set()
        let_go.wait()
        insert_account(connection, "begun", "north", _NOW)

    leaving = [asyncio.create_task(database.write(hold))]
    await asyncio.to_thread(begun.wait)
    leaving.append(asyncio.create_task(database.write(_add("waiting"))))
    staying = asyncio.create_task(database.write(_add("staying")))
    await asyncio.sleep(0)
    for task in leaving:
        task.cancel()
    await asyncio.wait(leaving)
    let_go.set()
    await staying
    assert [await _exists(database, name) for name in ("begun", "waiting", "staying")] == [True, False, True]


async def test_group_that_cannot_be_committed(database: Database) -> None:
    """When a group cannot be committed, none of it stands, and each caller is told."""

    def break_reference(connection: Connection) -> None:
        # Checked when the group is committed, and not before.
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        insert_tenant(connection, "nowhere", "north", "key", _NOW)

    works = [_add("one"), break_reference, _add("other")]
    outcomes = await asyncio.gather(*map(database.write, works), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StorageError] * 3
    assert await database.read(_count) == 0
    await database.write(_add("one"))


async def test_full_disk(database: Database) -> None:
    """When the disk is full, whoever could not write is told, and the others stand."""

    def limit(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1}")

    await database.write(limit)
    works = [_add("small"), _add("large" * 10_000)]
    outcomes = await asyncio.gather(*map(database.write, works), return_exceptions=True)
    assert "database or disk is full" in str(outcomes[1])
    assert await _exists(database, "small") == (outcomes[0] is None)


async def test_more_than_a_group(database: Database) -> None:
    """However many wait, all are written."""
    await asyncio.gather(*(database.write(_add(f"acme{number}")) for number in range(250)))
    assert await database.read(_count) == 250


async def test_closing(tmp_path: Path) -> None:
    """What was begun before the database was closed is ended, and nothing is begun afterwards."""
    async with Database(_url(tmp_path)) as database:
        await database.migrate()
        writing = [asyncio.create_task(database.write(_add(f"acme{number}"))) for number in range(3)]
        await asyncio.sleep(0)
    await asyncio.gather(*writing)
    with pytest.raises(StorageError, match="closed"):
        await database.write(_add("late"))
    async with Database(_url(tmp_path)) as database:
        assert await database.read(_count) == 3


async def test_stale(database: Database) -> None:
    """A transaction that finds itself overtaken is run again, from the start."""
    runs: list[int] = []

    def transaction(connection: Connection) -> str:
        insert_account(connection, "acme", "north", _NOW)
        runs.append(len(runs))
        if len(runs) < 20:
            raise StaleError
        return "done"

    assert await database.write(transaction) == "done"
    assert len(runs) == 20
    assert await _exists(database, "acme")


async def test_stale_for_ever(database: Database) -> None:
    """A transaction that is overtaken again and again is given up."""

    def transaction(_: Connection) -> None:
        raise StaleError

    with pytest.raises(StorageError, match=r"others were faster 20 times$"):
        await database.write(transaction)


async def test_durable(database: Database) -> None:
    """What is acknowledged survives a loss of power, and references are checked."""

    def pragmas(connection: Connection) -> list[object]:
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in _PRAGMAS]

    for transact in (database.write, database.read):
        assert await transact(pragmas) == list(_PRAGMAS.values())


_PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "canary",
        "nosuch://localhost",
        "sqlite+nosuch:///x",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///:memory:",
        "sqlite+aiosqlite://u:canary@h/d",
        "postgresql+nosuch://u:canary@h/d",
        "mysql+aiomysql://u:canary@h/d",
        # Read as a host and a port.
        "postgresql+psycopg://u:canary/x@h/d",
    ],
)
async def test_url_of_no_use(url: str) -> None:
    """A URL of no use is told of in one line without its password."""
    with pytest.raises(StorageError, match=r"^The database URL cannot be used: .+$") as caught:
        Database(url)
    assert "canary" not in str(caught.value)


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
    async with Database(f"sqlite+aiosqlite:///{path}") as database:
        for use in (database.migrate, database.ping):
            with pytest.raises(StorageError) as caught:
                await use()
            assert str(path) in str(caught.value)
            assert "\n" not in str(caught.value)
    assert kind != "garbage" or path.read_bytes() == b"no database" * 1000


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
