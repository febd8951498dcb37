"""Searches that take long: they end in time, and nobody waits for them but other searches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Event, Semaphore
from typing import Any

import httpx
import pytest
from attrs import evolve
from sqlalchemy.engine import Connection

from tests.support.mesh_calls import MeshCalls

pytestmark = pytest.mark.anyio


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
        # By what only the evaluator knows, so that no database searches alone.
        search = asyncio.create_task(calls.call("GET", "meshes/task", filter="{ 'b.0': { $ne: 1 } }"))
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
