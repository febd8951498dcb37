"""Small transactions to write and read rows."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.engine import Connection

from meshydb_server.storage.accounts import account_exists, insert_account
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.schema import accounts

NOW: Final = datetime(2030, 1, 1, tzinfo=UTC)


def add(account: str) -> Callable[[Connection], None]:
    """A transaction that adds an account."""
    return lambda connection: insert_account(connection, account, "north", NOW)


def count(connection: Connection) -> int:
    """A transaction that counts the accounts."""
    return connection.execute(select(func.count()).select_from(accounts)).scalar_one()


def rename(table: str, to: str) -> Callable[[Connection], object]:
    """A transaction that renames a table."""
    return lambda connection: connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {to}")


async def exists(database: Database, account: str) -> bool:
    """Whether an account exists."""
    return await database.read(lambda connection: account_exists(connection, account))


async def until_one_waits(database: Database) -> None:
    """Return when a transaction waits for a lock, where the database tells."""
    waiting = text("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")

    def look(connection: Connection) -> bool:
        return connection.dialect.name == "sqlite" or connection.execute(waiting).first() is not None

    while not await database.read(look):
        pass


@asynccontextmanager
async def held(url: str, work: Callable[[Connection], object]) -> AsyncGenerator[None]:
    """Hold a transaction open until the block ends."""
    done, let_go = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        try:
            work(connection)
        finally:
            # Also when it fails, which is told once the block has ended.
            done.set()
        let_go.wait()

    async def write() -> None:
        async with Database(url) as database:
            await database.write(hold)

    # In a thread of its own, because on PostgreSQL a transaction runs in the thread of its event loop.
    holding = asyncio.create_task(asyncio.to_thread(asyncio.run, write()))
    await asyncio.to_thread(done.wait)
    try:
        yield
    finally:
        let_go.set()
        await holding
