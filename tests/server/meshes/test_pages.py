"""Pages that PostgreSQL finds by statements alone, and those that it leaves to a scan."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from threading import Event, Semaphore
from typing import Any, Final

import pytest
from sqlalchemy.engine import Connection

from meshydb_server.query import matches, parse_filter, parse_order, sort_documents
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import ScanTimeoutError
from meshydb_server.storage.engine.long_work import SCANNERS
from meshydb_server.storage.meshes import find_page
from tests.server.meshes.stored import KEY, fill, numbered
from tests.support.databases.postgres import Postgres

pytestmark = pytest.mark.anyio

_SECONDS: Final = 60.0
# More than are sorted rather than found in their order.
_DOCUMENTS: Final = numbered(
    {"a": number % 3, "b": [number % 5], "c": "x" if number % 500 else ["x", "y"], "n": -number}
    for number in range(1600)
)
_FILTERS: Final = ("{}", "{a: 1}", "{a: {$lt: 2}}", "{n: -7}", "{n: 1}", "{_id: {$gt: '01590'}}", "{'b.0': {$ne: 1}}")
# Of more conditions than are translated on the event loop.
_LONG: Final = f"{{$or: [{', '.join(f'{{n: -{number}}}' for number in range(40))}]}}"
_ORDERS: Final = ({"_id": 1}, {"_id": -1}, {"a": -1}, {"a": 1, "_id": -1}, {"n": 1}, {"c": 1})


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    """A database of each kind, with the documents in a mesh."""
    async with Database(database_url) as database:
        await database.write(lambda connection: fill(connection, _DOCUMENTS), long=True)
        yield database


async def _found(
    database: Database, source: str, order: dict[str, int], offset: int = 0, *, seconds: float = _SECONDS
) -> tuple[int, list[Any]]:
    total, bodies = await find_page(
        database, KEY, parse_filter(source), parse_order(order), offset=offset, limit=25, seconds=seconds
    )
    return total, [json.loads(body) for body in bodies]


@pytest.mark.parametrize("source", [*_FILTERS, _LONG])
async def test_pages(database: Database, source: str) -> None:
    """A page has the documents that the evaluator finds and sorts, and their number, also past the end."""
    tree = parse_filter(source)
    for order in _ORDERS:
        expected = sort_documents([each for each in _DOCUMENTS if matches(tree, each)], parse_order(order))
        for offset in (0, 5, 1100, 2000):
            page = await _found(database, source, order, offset)
            assert page == (len(expected), expected[offset : offset + 25]), (order, offset)


async def test_searches_beside_scans(database: Database) -> None:
    """On PostgreSQL, a search needs a scan only if not all of it can be expressed in SQL."""
    started, released = Semaphore(0), Event()

    def hold(_: Connection, __: Callable[[], None]) -> None:
        started.release()
        released.wait()

    scans = [asyncio.create_task(database.scan(hold, 600)) for _ in range(SCANNERS)]
    try:
        for _ in scans:
            await asyncio.to_thread(started.acquire)
        # SQL cannot express the first, an array stands under `c`, and to translate the last takes long.
        waiting = [
            asyncio.create_task(_found(database, source, order))
            for source, order in (("{'b.0': {$ne: 1}}", {"_id": 1}), ("{}", {"c": 1}), (_LONG, {"_id": 1}))
        ]
        if database.file is None:
            for source, order in (("{a: 1}", {"_id": 1}), ("{}", {"_id": -1}), ("{}", {"n": 1})):
                assert (await _found(database, source, order))[0] > 0
        assert not any(each.done() for each in (*scans, *waiting))
    finally:
        released.set()
    await asyncio.gather(*scans)
    assert [total for total, _ in await asyncio.gather(*waiting)] == [1280, 1600, 40]


async def test_time(postgresql: Postgres) -> None:
    """A search ends when its time is over and when its caller leaves, for those that wait too, and others follow."""
    with postgresql.database() as url:
        async with Database(url) as database, Database(url) as other:
            await database.migrate()
            await database.write(lambda connection: fill(connection, _DOCUMENTS), long=True)
            locked, released = Event(), Event()

            def lock(connection: Connection) -> None:
                connection.exec_driver_sql("LOCK TABLE documents IN ACCESS EXCLUSIVE MODE")
                locked.set()
                released.wait()

            locking = asyncio.create_task(other.write(lock, long=True))
            try:
                await asyncio.to_thread(locked.wait)
                leaving = [asyncio.create_task(_found(database, "{}", {"_id": 1})) for _ in range(SCANNERS)]
                # It waits for them.
                with pytest.raises(ScanTimeoutError):
                    await _found(database, "{}", {"_id": 1}, seconds=0.2)
                for each in leaving:
                    each.cancel()
                await asyncio.wait(leaving)
                results = await asyncio.gather(
                    *(_found(database, "{}", {"_id": 1}, seconds=0.2) for _ in range(SCANNERS)), return_exceptions=True
                )
                assert [type(each) for each in results] == [ScanTimeoutError] * SCANNERS
                assert await _waiting(other) == 0
            finally:
                released.set()
            await locking
            assert (await _found(database, "{}", {"_id": 1}))[0] == len(_DOCUMENTS)


async def _waiting(database: Database) -> int:
    """How many statements wait for a lock."""
    statement = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return await database.read(lambda connection: connection.exec_driver_sql(statement).scalar_one())
