"""Searches that take long: they end in time, and nobody waits for them but other searches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Event, Semaphore
from typing import Any, Final

import httpx
import pytest
from attrs import evolve
from sqlalchemy.engine import Connection

from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import ScanTimeoutError
from tests.support.mesh_calls import MeshCalls

pytestmark = pytest.mark.anyio

_ENDLESS: Final = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(3600)",
}


def _app(calls: MeshCalls) -> Any:
    """The application behind the client."""
    transport = calls.roles.client._transport  # noqa: SLF001 - httpx has no other way
    assert isinstance(transport, httpx.ASGITransport)
    return transport.app


async def test_timeout(calls: MeshCalls) -> None:
    """A search that takes too long is refused with 429 and says so, and nothing is changed."""
    await calls.fill("task", *({"_id": str(number), "tags": [number]} for number in range(20)))
    state = _app(calls).state
    services = state.services
    hurried = evolve(services.many, seconds=0.0)
    state.services = evolve(services, many=hurried, projections=evolve(services.projections, seconds=0.0))
    await services.projections.create("acme", None, "all", "task", "[]")
    everything = "{ tags: { $elemMatch: { $gte: 0 } } }"
    change = {"filter": everything, "update": "{ $set: { done: true } }"}
    responses = [
        await calls.call("GET", "meshes/task", filter=everything),
        await calls.call("PATCH", "meshes/task", change),
        await calls.call("DELETE", "meshes/task", filter=everything),
        await calls.call("GET", "projections/all"),
    ]
    for response in responses:
        assert response.status_code == 429
        assert response.json() == {
            "message": "The query took longer than 5 seconds; add a narrower condition.",
            "code": "query_timeout",
        }
        assert response.headers["Retry-After"] == "30"
    state.services = services
    assert (await calls.call("GET", "meshes/task", filter="{done:true}")).json()["totalRecords"] == 0
    assert (await calls.call("GET", "meshes/task")).json()["totalRecords"] == 20


async def test_others_do_not_wait(calls: MeshCalls) -> None:
    """While four searches hold all threads of searches, users log in, and documents are created and read."""
    database = calls.people.services.database
    started, released = Semaphore(0), Event()

    def hold(_: Connection, __: Callable[[], None]) -> None:
        started.release()
        released.wait()

    scans = [asyncio.create_task(database.scan(hold, 600)) for _ in range(4)]
    try:
        # Two run, and two wait for them.
        for _ in range(2):
            await asyncio.to_thread(started.acquire)
        search = asyncio.create_task(calls.call("GET", "meshes/task"))
        await calls.people.add("rosa.k")
        assert (await calls.people.log_in("rosa.k")).access_token
        assert (await calls.call("POST", "meshes/task", [{"_id": "a"}])).status_code == 201
        assert (await calls.call("PUT", "meshes/task/a", {"n": 1})).status_code == 200
        assert (await calls.call("GET", "meshes/task/a")).status_code == 200
        assert not search.done()
        assert not any(scan.done() for scan in scans)
    finally:
        released.set()
    await asyncio.gather(*scans)
    # It was asked for before the document was there, and begins after it.
    assert (await search).json()["totalRecords"] == 1


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
