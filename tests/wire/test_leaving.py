"""Clients that disconnect while the server searches for them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from threading import Semaphore
from typing import Any, Final
from urllib.parse import quote

import pytest
import requests
from sqlalchemy.engine import Connection as DatabaseConnection

from meshydb_server.http.app import create_app
from meshydb_server.runtime import open_services
from meshydb_server.services.accounts import NewUser
from meshydb_server.services.common.dependencies import Dependencies
from tests.support.dependencies import CHEAP_HASHER
from tests.support.http.raw import Connection, compose
from tests.support.server import serving_app, settings_in

_PASSWORD: Final = "a seeded passphrase"  # noqa: S105 - of a user who lives as long as this test
_PATIENCE_SECONDS: Final = 60.0
_CHANGE: Final = json.dumps({"filter": {}, "update": {"$set": {"changed": True}}}).encode()
# Only the evaluator knows it, so no database searches alone.
_EVALUATED: Final = quote('{"b.0":{"$ne":1}}')


def test_search_stops(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search stops when its client disconnects, and nothing is changed or deleted."""
    settings = settings_in(tmp_path, database_url=database_url)
    dependencies = Dependencies(hasher=CHEAP_HASHER)
    key = asyncio.run(_prepare(settings, dependencies))
    app = create_app(settings, dependencies)
    started, stopped = Semaphore(0), Semaphore(0)

    def endless(_: DatabaseConnection, check: Callable[[], None]) -> None:
        started.release()
        try:
            while True:
                check()
        finally:
            stopped.release()

    with serving_app(app, settings) as server:
        url = f"{server.url}/acme"
        form = {"client_id": key, "grant_type": "password", "username": "rosa", "password": _PASSWORD}
        token = requests.post(f"{url}/connect/token", form, timeout=_PATIENCE_SECONDS).json()["access_token"]
        bearer = f"Authorization: Bearer {token}"
        database = app.state.services.database
        scan = database.scan

        def search_without_end(_: object, __: float) -> Any:
            return scan(endless, 3600)

        with monkeypatch.context() as patch:
            patch.setattr(database, "scan", search_without_end)
            for method, target, body in (
                ("GET", f"meshes/task?filter={_EVALUATED}", b""),
                ("PATCH", "meshes/task", _CHANGE),
                ("DELETE", "meshes/task?filter=%7B%7D", b""),
                ("GET", "projections/all", b""),
            ):
                with Connection(server.url) as connection:
                    connection.send(compose(body, bearer, method=method, target=f"/acme/{target}"))
                    assert started.acquire(timeout=_PATIENCE_SECONDS)
                assert stopped.acquire(timeout=_PATIENCE_SECONDS), (method, target)
        headers = dict([bearer.split(": ", 1)])
        found = requests.get(f"{url}/meshes/task", headers=headers, timeout=_PATIENCE_SECONDS).json()
        assert found["results"] == [{"_id": "a"}]


async def _prepare(settings: Any, dependencies: Dependencies) -> str:
    """Create an account with an administrator, a document and a projection, and return its public key."""
    async with open_services(settings, dependencies) as services:
        (tenant,) = await services.accounts.create_account("acme")
        new = NewUser(username="rosa", password=_PASSWORD, roles=["meshy.admin"])
        await services.accounts.create_user("acme", None, new)
        await services.meshes.create(await services.transfer.find_mesh("acme", None, "task"), {"_id": "a"})
        await services.projections.create("acme", None, "all", "task", "[]")
        return tenant.public_key
