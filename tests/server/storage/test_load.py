"""How busy a process keeps its connections."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from sqlalchemy.engine import Connection

from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.load import Load, PoolLoad
from tests.support.databases.postgres import Postgres

pytestmark = pytest.mark.anyio

_PATIENCE_SECONDS = 30.0
_LOCK = "SELECT pg_advisory_xact_lock(42)"


async def _load_that(database: Database, is_right: Callable[[Load], bool]) -> Load:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not is_right(load := database.load()):  # noqa: ASYNC110 - no event tells it
            await asyncio.sleep(0)
    return load


async def test_sqlite(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Transactions that wait for the running group are counted, and so are the connections in use."""
    held = threading.Event()
    async with Database(f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('load') / 'meshydb.sqlite3'}") as database:
        await database.migrate()
        assert database.load() == Load(0, {"write": PoolLoad(0, 1), "read": PoolLoad(0, 4), "scan": PoolLoad(0, 2)})
        try:
            running = asyncio.create_task(database.write(lambda _: held.wait(_PATIENCE_SECONDS), long=True))
            await _load_that(database, lambda load: load.pools["write"].in_use == 1)
            # It has begun, and is in no queue.
            await _load_that(database, lambda load: load.writes_waiting == 0)
            waiting = [asyncio.create_task(database.write(lambda _: None)) for _ in range(3)]
            reading = asyncio.create_task(database.read(lambda _: held.wait(_PATIENCE_SECONDS)))
            load = await _load_that(database, lambda load: load.writes_waiting == 3 and load.pools["read"].in_use == 1)
            assert load.pools["write"] == PoolLoad(1, 1)
        finally:
            held.set()
        await asyncio.gather(running, reading, *waiting)
        await _load_that(database, lambda load: load.writes_waiting == 0 and load.pools["write"].in_use == 0)


async def test_postgresql(postgresql: Postgres) -> None:
    """Transactions that wait for a connection are counted, and so are the connections in use."""
    with postgresql.database() as url:
        async with Database(url) as database, Database(url) as other:
            assert database.load().pools["write"] == PoolLoad(0, 8)
            locked, held = threading.Event(), threading.Event()

            def hold(connection: Connection) -> None:
                connection.exec_driver_sql(_LOCK)
                locked.set()
                held.wait(_PATIENCE_SECONDS)

            def take(connection: Connection) -> None:
                connection.exec_driver_sql(_LOCK)

            try:
                holding = asyncio.create_task(other.write(hold, long=True))
                await asyncio.to_thread(locked.wait, _PATIENCE_SECONDS)
                assert other.load().pools["long"].in_use == 1
                taking = [asyncio.create_task(database.write(take)) for _ in range(10)]
                load = await _load_that(database, lambda load: load.writes_waiting == 2)
                assert load.pools["write"] == PoolLoad(8, 8)
            finally:
                held.set()
            await asyncio.gather(holding, *taking)
            assert (database.load().writes_waiting, database.load().pools["write"]) == (0, PoolLoad(0, 8))
