"""Two servers on a PostgreSQL whose primary is killed, and replaced by its standby."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import ExitStack, asynccontextmanager
from itertools import product
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from attrs import Factory, frozen
from sqlalchemy import select
from sqlalchemy.engine import Connection

from meshydb_server.configuration.settings import Settings
from meshydb_server.runtime import open_services
from meshydb_server.services.accounts import NewUser
from meshydb_server.services.common.dependencies import Dependencies
from meshydb_server.storage.meshes import MeshKey, existing_ids
from meshydb_server.storage.schema import outbox, users
from tests.support.commands import CHEAP, Served
from tests.support.databases.failover import Pair, replicating
from tests.support.dependencies import CHEAP_HASHER
from tests.support.server import QUOTAS, SECRET_KEYS, settings_in

pytestmark = pytest.mark.anyio

_PASSWORD: Final = "a seeded passphrase"  # noqa: S105 - of users who live as long as this test
_NEW_PASSWORD: Final = "a passphrase after that"  # noqa: S105 - likewise
_MESH: Final = MeshKey("acme", "default", "task")
# Users whose codes are used before the failover, and users whose codes two servers get during it.
_USED, _CONTESTED = 5, 20
_FORGETFUL: Final = 10
# So many of each kind are acknowledged by each server, before the failover and again after it.
_ENOUGH: Final = 20
_CLIENTS_PER_KIND: Final = 3
# A server that does not go on fails the test, rather than stopping the suite.
_PATIENCE_SECONDS: Final = 120.0
_UNAVAILABLE: Final = 503
_NO_QUOTAS: Final = {
    "rate_limit": "off",
    "account_rate_limit": "off",
    **dict.fromkeys(QUOTAS, "1000000"),
}


@pytest.fixture
def pair() -> Generator[Pair]:
    """A primary and its standby."""
    with replicating() as pair:
        yield pair


@frozen
class _Load:
    """Clients of two servers, and what these have acknowledged."""

    clients: Sequence[httpx.AsyncClient]
    documents: list[str] = Factory(list[str])
    registered: list[str] = Factory(list[str])
    forgotten: Counter[str] = Factory(Counter[str])
    acknowledged: Counter[tuple[int, str]] = Factory(Counter[tuple[int, str]])
    # Whatever a server has said that is neither a success nor 503.
    surprises: list[str] = Factory(list[str])

    async def create(self, number: int, name: str) -> None:
        """Create a document."""
        if body := await self._ask(number, "document", "/acme/meshes/task", {"name": name}):
            self.documents.append(body["_id"])

    async def register(self, number: int, name: str) -> None:
        """Register a user."""
        body = {"username": name, "newPassword": _PASSWORD, "emailAddress": f"{name}@example.org"}
        if await self._ask(number, "registration", "/acme/users/register", body):
            self.registered.append(name)

    async def forget(self, number: int, name: str) -> None:
        """Ask for a code."""
        username = f"forgetful-{number}-{hash(name) % _FORGETFUL}"
        body = {"username": username, "attempt": 1}
        if await self._ask(number, "recovery", "/acme/users/forgotpassword", body):
            self.forgotten[username] += 1

    async def _ask(self, number: int, kind: str, path: str, body: object) -> Any:
        response = await self.clients[number].post(path, json=body)
        if response.is_success:
            self.acknowledged[number, kind] += 1
            return response.json()
        if response.status_code != _UNAVAILABLE:
            self.surprises.append(response.text)
        return None

    async def has_enough(self) -> None:
        """Wait until each server has acknowledged enough of each kind, from now on."""
        before = self.acknowledged.copy()
        everything = list(product(range(len(self.clients)), ("document", "registration", "recovery")))
        while any((self.acknowledged - before)[each] < _ENOUGH for each in everything):
            await self.clients[0].get("/healthz")


@asynccontextmanager
async def _loaded(load: _Load) -> AsyncGenerator[None]:
    """Send requests of each kind to each server, until the block ends and what has been sent is answered."""
    ended = asyncio.Event()

    async def work(client: int, number: int, ask: Callable[[int, str], Awaitable[None]]) -> None:
        turn = 0
        while not ended.is_set():
            turn += 1
            await ask(number, f"{ask.__name__}-{number}-{client}-{turn}")

    kinds = (load.create, load.register, load.forget)
    async with asyncio.TaskGroup() as group:
        for client in range(_CLIENTS_PER_KIND):
            for number in range(len(load.clients)):
                for ask in kinds:
                    group.create_task(work(client, number, ask))
        try:
            yield
        finally:
            ended.set()


async def _request_codes(settings: Settings, client: httpx.AsyncClient, names: Sequence[str]) -> dict[str, Any]:
    """Request a code for each user; returns the bodies that use them."""
    requests: dict[str, Any] = {}
    for name in names:
        response = await client.post("/acme/users/forgotpassword", json={"username": name, "attempt": 1})
        requests[name] = response.raise_for_status().json()
    async with open_services(settings) as services:
        codes = {message.username: code for message, code in await services.outbox.messages()}
    return {
        name: {**request, "verificationCode": codes[name], "newPassword": _NEW_PASSWORD}
        for name, request in requests.items()
    }


async def _use(client: httpx.AsyncClient, body: object) -> int:
    """Use a code; returns the status."""
    return (await client.post("/acme/users/resetpassword", json=body)).status_code


async def _insist(client: httpx.AsyncClient, body: object) -> int:
    """Use a code again and again, until the server says whether it works."""
    while True:
        status = await _use(client, body)
        if status != _UNAVAILABLE:
            return status


async def test_failover_loses_nothing(tmp_path: Path, pair: Pair) -> None:
    """Servers go on after a failover. Nothing that they have acknowledged is lost, and no code works twice."""
    settings = settings_in(tmp_path, database_url=pair.url)
    used, contested = [f"used-{n}" for n in range(_USED)], [f"contested-{n}" for n in range(_CONTESTED)]
    forgetful = [f"forgetful-{number}-{n}" for number in range(2) for n in range(_FORGETFUL)]
    async with open_services(settings, Dependencies(hasher=CHEAP_HASHER)) as services:
        (tenant,) = await services.accounts.create_account("acme")
        admin = NewUser(username="admin", password=_PASSWORD, roles=["meshy.admin"])
        others = [NewUser(username=name, email=f"{name}@example.org") for name in (*used, *contested, *forgetful)]
        for new in (admin, *others):
            await services.accounts.create_user("acme", None, new)
    form = {"client_id": tenant.public_key, "grant_type": "password", "username": "admin", "password": _PASSWORD}
    options = {"database_url": pair.url, "secret_keys": SECRET_KEYS, **_NO_QUOTAS}
    with ExitStack() as stack:
        servers = [stack.enter_context(Served(tmp_path, program=CHEAP, **options)) for _ in range(2)]
        async with (
            httpx.AsyncClient(base_url=servers[0].url, timeout=_PATIENCE_SECONDS) as one,
            httpx.AsyncClient(base_url=servers[1].url, timeout=_PATIENCE_SECONDS) as other,
            asyncio.timeout(_PATIENCE_SECONDS),
        ):
            token = (await one.post("/acme/connect/token", data=form)).raise_for_status().json()["access_token"]
            one.headers["Authorization"] = other.headers["Authorization"] = f"Bearer {token}"
            codes = await _request_codes(settings, one, [*used, *contested])
            assert [await _use(one, codes[name]) for name in used] == [204] * _USED
            load = _Load((one, other))
            async with _loaded(load):
                await load.has_enough()
                # Those codes that are used before the first response are the ones that the failover cuts off.
                contests = [
                    asyncio.gather(*(_insist(client, codes[name]) for client in (one, other))) for name in contested
                ]
                await asyncio.wait([asyncio.ensure_future(each) for each in contests], return_when="FIRST_COMPLETED")
                await asyncio.to_thread(pair.fail_over)
                outcomes = await asyncio.gather(*contests)
                await load.has_enough()
            assert load.surprises == []
            # 400 for a code that has been used; where a response was lost in the failover, both servers say so.
            assert {tuple(sorted(each)) for each in outcomes} <= {(204, 400), (400, 400)}
            for name in (*used, *contested):
                assert [await _use(client, codes[name]) for client in (one, other)] == [400, 400]

    def stored(connection: Connection) -> tuple[set[str], set[str], Counter[str]]:
        documents = existing_ids(connection, _MESH, load.documents)
        names = {*connection.scalars(select(users.c.username))}
        return documents, names, Counter(connection.scalars(select(outbox.c.username)))

    async with open_services(settings) as services:
        documents, names, asked = await services.database.read(stored)
    assert set(load.documents) - documents == set()
    assert set(load.registered) - names == set()
    assert load.forgotten - asked == Counter()
