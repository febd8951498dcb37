"""Transactions that take long: scans and long writes, and how they end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Event, Semaphore
from typing import Final

import pytest
from sqlalchemy.engine import Connection

from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import ScanTimeoutError
from tests.support.databases.transactions import add, exists

pytestmark = pytest.mark.anyio

_ENDLESS: Final = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(3600)",
}
_ENDLESS_WRITE: Final = {
    "sqlite": f"INSERT INTO accounts (account, default_tenant, created_at) SELECT 'x', 'y', ({_ENDLESS['sqlite']})",
    "postgresql": "DELETE FROM accounts WHERE pg_sleep(3600) IS NOT NULL",
}


async def test_scan_is_told_of_the_end(database_url: str) -> None:
    """A scan that asks learns that its time is over."""

    def work(_: Connection, check: Callable[[], None]) -> None:
        while True:
            check()

    async with Database(database_url) as database:
        with pytest.raises(ScanTimeoutError):
            await database.scan(work, 0.01)


async def test_statements_are_interrupted(database_url: str) -> None:
    """A statement is interrupted when the time of its scan is over, and when its caller leaves, in all threads."""
    started = Semaphore(0)

    def work(connection: Connection, _: Callable[[], None]) -> None:
        started.release()
        connection.exec_driver_sql(_ENDLESS[connection.dialect.name]).all()

    def is_free(connection: Connection, _: Callable[[], None]) -> bool:
        return connection.exec_driver_sql("SELECT 1").scalar() == 1

    async with Database(database_url) as database:
        hurried = await asyncio.gather(*(database.scan(work, 0.5) for _ in range(2)), return_exceptions=True)
        assert [type(each) for each in hurried] == [ScanTimeoutError] * 2
        assert await database.scan(is_free, 10)
        started = Semaphore(0)
        leaving = [asyncio.create_task(database.scan(work, 600)) for _ in range(2)]
        for each in leaving:
            await asyncio.to_thread(started.acquire)
            each.cancel()
        await asyncio.wait(leaving)
        assert await database.scan(is_free, 10)


async def test_closing_interrupts_statements(database_url: str) -> None:
    """A statement of a scan is interrupted when the database is closed."""
    started = Event()

    def work(connection: Connection, _: Callable[[], None]) -> None:
        started.set()
        connection.exec_driver_sql(_ENDLESS[connection.dialect.name]).all()

    async with Database(database_url) as database:
        scan = asyncio.create_task(database.scan(work, 600))
        await asyncio.to_thread(started.wait)
    with pytest.raises(ScanTimeoutError):
        await scan


async def test_closing_ends_scans(database_url: str) -> None:
    """A scan ends when the database is closed, however much time it has left."""
    started = Event()

    def work(_: Connection, check: Callable[[], None]) -> None:
        started.set()
        while True:
            check()

    async with Database(database_url) as database:
        scan = asyncio.create_task(database.scan(work, 600))
        await asyncio.to_thread(started.wait)
    with pytest.raises(ScanTimeoutError):
        await scan


async def test_scan_cannot_write(database_url: str) -> None:
    """A scan changes nothing."""

    def work(connection: Connection, _: Callable[[], None]) -> None:
        connection.exec_driver_sql("DELETE FROM accounts")

    async with Database(database_url) as database:
        with pytest.raises(Exception, match=r"read.?only"):
            await database.scan(work, 5)


async def test_long_write_stops(database_url: str) -> None:
    """A long write whose caller leaves is rolled back and holds up nobody, and others that were begun are written."""
    started, release = Semaphore(0), Event()

    def wait(connection: Connection) -> None:
        add("first")(connection)
        release.wait()

    def work(connection: Connection) -> None:
        add("left")(connection)
        started.release()
        connection.exec_driver_sql(_ENDLESS_WRITE[connection.dialect.name])

    async with Database(database_url, 600) as database:
        first = asyncio.create_task(database.write(wait, long=True))
        await asyncio.sleep(0)
        # As many as there are threads on PostgreSQL.
        leaving = [asyncio.create_task(database.write(work, long=True)) for _ in range(2)]
        others = [asyncio.create_task(database.write(add(name), long=name == "b")) for name in "ab"]
        await asyncio.sleep(0)
        release.set()
        await asyncio.to_thread(started.acquire)
        for each in leaving:
            each.cancel()
        await asyncio.gather(first, *others)
        assert [await exists(database, name) for name in ("first", "left", "a", "b")] == [True, False, True, True]
