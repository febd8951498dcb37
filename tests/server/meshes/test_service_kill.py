"""A server that is killed while it creates documents."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Final

import httpx
import pytest
from sqlalchemy.engine import Connection

from meshydb_server.runtime import open_services
from meshydb_server.services.accounts import NewUser
from meshydb_server.storage.meshes import MeshKey, existing_ids
from tests.support.commands import Served
from tests.support.server import settings_in

pytestmark = pytest.mark.anyio

_DOCUMENTS: Final = 10_000
_AT_ONCE: Final = 16
_KILLED_AFTER: Final = 500
_PASSWORD: Final = "a seeded passphrase"  # noqa: S105 - of a user who lives as long as this test
_MESH: Final = MeshKey("acme", "default", "task")


async def test_kill_loses_nothing(tmp_path: Path, database_url: str) -> None:
    """After kill -9 in the middle of 10,000 creations, each acknowledged document is stored."""
    settings = settings_in(tmp_path, database_url=database_url)
    async with open_services(settings) as services:
        (tenant,) = await services.accounts.create_account("acme")
        await services.accounts.create_user(
            "acme", None, NewUser(username="rosa", password=_PASSWORD, roles=["meshy.admin"])
        )
    form = {"client_id": tenant.public_key, "grant_type": "password", "username": "rosa", "password": _PASSWORD}
    keys = {} if settings.secret_keys is None else {"secret_keys": settings.secret_keys.get_secret_value()}
    created: list[str] = []
    with Served(tmp_path, database_url=database_url, rate_limit="off", account_rate_limit="off", **keys) as served:
        async with httpx.AsyncClient(base_url=served.url) as client:
            token = (await client.post("/acme/connect/token", data=form)).json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            numbers = iter(range(_DOCUMENTS))

            async def create() -> None:
                for number in numbers:
                    response = await client.post("/acme/meshes/task", json={"n": number}, headers=headers)
                    created.append(response.json()["_id"])
                    if len(created) == _KILLED_AFTER:
                        served.send(signal.SIGKILL)

            results = await asyncio.gather(*(create() for _ in range(_AT_ONCE)), return_exceptions=True)
    # Each was cut off in the middle of a request.
    assert [each for each in results if not isinstance(each, httpx.TransportError)] == []
    assert _KILLED_AFTER <= len(created) < _DOCUMENTS

    def missing(connection: Connection) -> set[str]:
        return set(created) - existing_ids(connection, _MESH, created)

    async with open_services(settings) as services:
        assert await services.database.read(missing) == set()
