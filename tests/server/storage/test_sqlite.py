"""SQLite: its file, and the groups in which it writes."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
from sqlalchemy.engine import Connection

from meshydb_server.storage.accounts import has_accounts, insert_tenant
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import StorageError
from tests.support.databases.transactions import NOW, add, count, exists, held
from tests.support.server import sqlite_url

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    """A new database, with its tables."""
    async with Database(sqlite_url(tmp_path)) as database:
        await database.migrate()
        yield database


async def test_callers_that_leave(tmp_path: Path, database: Database) -> None:
    """A caller that is cancelled while it waits disturbs nobody, and what it waited to write is not written."""
    async with held(sqlite_url(tmp_path), add("held")):
        leaving = asyncio.create_task(database.write(add("leaving")))
        staying = asyncio.create_task(database.write(add("staying")))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait({leaving})
        assert leaving.cancelled()
    await staying
    assert [await exists(database, name) for name in ("held", "leaving", "staying")] == [True, False, True]


async def test_others_go_on(tmp_path: Path, database: Database) -> None:
    """While another process writes, this one waits to write, and does everything else."""
    async with held(sqlite_url(tmp_path), add("held")):
        writing = asyncio.create_task(database.write(add("waiting")))
        for _ in range(100):
            assert not await exists(database, "waiting")
        assert not writing.done()
    await writing
    assert await exists(database, "waiting")


async def test_group_that_cannot_be_committed(database: Database) -> None:
    """If a group cannot be committed, it is rolled back, and each caller gets the error."""

    def break_reference(connection: Connection) -> None:
        # Checked when the group is committed, and not before.
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        insert_tenant(connection, "nowhere", "north", "key", NOW)

    works = [add("one"), break_reference, add("other")]
    outcomes = await asyncio.gather(*map(database.write, works), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StorageError] * 3
    assert await database.read(count) == 0
    await database.write(add("one"))


async def test_full_disk(database: Database) -> None:
    """On a full disk, writes that failed get an error, and the others stay."""

    def limit(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1}")

    await database.write(limit)
    works = [add("small"), add("large" * 10_000)]
    outcomes = await asyncio.gather(*map(database.write, works), return_exceptions=True)
    assert "database or disk is full" in str(outcomes[1])
    assert await exists(database, "small") == (outcomes[0] is None)


async def test_closing(tmp_path: Path) -> None:
    """Closing the database waits for running transactions and rejects new ones."""
    async with Database(sqlite_url(tmp_path)) as database:
        await database.migrate()
        writing = [asyncio.create_task(database.write(add(f"acme{number}"))) for number in range(3)]
        await asyncio.sleep(0)
    await asyncio.gather(*writing)
    with pytest.raises(StorageError, match="closed"):
        await database.write(add("late"))
    async with Database(sqlite_url(tmp_path)) as database:
        assert await database.read(count) == 3


async def test_durable(database: Database) -> None:
    """Acknowledged writes survive a loss of power, and foreign keys are checked."""
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}

    def pragmas(connection: Connection) -> dict[str, object]:
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in expected}

    for transact in (database.write, database.read):
        assert await transact(pragmas) == expected


@pytest.fixture
def no_umask() -> Generator[None]:
    """Files have the mode that they are made with."""
    umask = os.umask(0)
    yield
    os.umask(umask)


@pytest.mark.usefixtures("no_umask")
@pytest.mark.parametrize("linked", [False, True])
async def test_file_is_private(tmp_path: Path, linked: bool) -> None:  # noqa: FBT001 - pytest's way to hand it over
    """A new file, wherever a link has it be, and all that is put beside it are for their owner alone."""
    folder = tmp_path / "folder"
    folder.mkdir()
    if linked:
        (tmp_path / "meshydb.sqlite3").symlink_to(folder / "meshydb.sqlite3")
    async with Database(sqlite_url(tmp_path if linked else folder)) as database:
        await database.migrate()
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == dict.fromkeys(("meshydb.sqlite3", "meshydb.sqlite3-wal", "meshydb.sqlite3-shm"), 0o600)


async def test_mode_is_kept(tmp_path: Path) -> None:
    """A file that is there keeps the mode that it has."""
    path = tmp_path / "meshydb.sqlite3"
    path.touch()
    path.chmod(0o640)
    async with Database(sqlite_url(tmp_path)) as database:
        await database.migrate()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("seconds", ["0", "0.5", "2147483"])
async def test_patience(tmp_path: Path, seconds: str) -> None:
    """The URL may say how many seconds to wait for another process."""

    def waits(connection: Connection) -> object:
        return connection.exec_driver_sql("PRAGMA busy_timeout").scalar()

    async with Database(f"{sqlite_url(tmp_path)}?timeout={seconds}") as database:
        await database.migrate()
        assert await database.read(waits) == float(seconds) * 1000


@pytest.mark.parametrize("kind", ["folder", "garbage", "missing-folder"])
async def test_file_of_no_use(tmp_path: Path, kind: str) -> None:
    """A file that is not a database is a one-line error that names it, and stays unchanged."""
    path = tmp_path / "meshydb.sqlite3"
    if kind == "folder":
        path.mkdir()
    elif kind == "garbage":
        path.write_bytes(b"no database" * 1000)
    else:
        path = tmp_path / "missing" / "meshydb.sqlite3"
    async with Database(f"sqlite+aiosqlite:///{path}") as database:
        for use in (database.migrate, lambda: database.read(has_accounts)):
            with pytest.raises(StorageError) as caught:
                await use()
            assert str(path) in str(caught.value)
            assert "\n" not in str(caught.value)
    assert kind != "garbage" or path.read_bytes() == b"no database" * 1000
