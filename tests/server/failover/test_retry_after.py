"""Whether clients are told to send a request again after the database has failed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
from sqlalchemy.engine import Connection, make_url

from meshydb_server.storage.accounts import has_accounts
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.effects import noting_effects
from meshydb_server.storage.engine.errors import NothingDoneError, StaleError, StorageError
from tests.support.databases.postgres import Postgres
from tests.support.databases.transactions import add
from tests.support.http.raw import assert_documented, compose, exchange
from tests.support.server import ACCOUNT, USERNAME, seed, serving, settings_in

_Use: TypeAlias = Callable[[], Coroutine[Any, Any, object]]

_FORGET: Final = compose(
    b'{"username": "%s", "attempt": 1}' % USERNAME.encode(), target=f"/{ACCOUNT}/users/forgotpassword"
)
_HEALTH: Final = compose(method="GET", target="/healthz", content_type=None)


@pytest.fixture
def url(postgresql: Postgres) -> Generator[str]:
    """The URL of a new database."""
    with postgresql.database() as url:
        yield url


@contextmanager
def _unreachable(postgresql: Postgres, url: str) -> Generator[None]:
    """Cut all connections to the database, and take no new ones until the block ends."""
    name = make_url(url).database
    postgresql.execute(
        f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
        f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{name}'",  # noqa: S608
    )
    try:
        yield
    finally:
        postgresql.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def test_nothing_was_done(postgresql: Postgres, url: str, tmp_path: Path) -> None:
    """A request that finds no connection gets 503 with Retry-After, and succeeds once there is one."""
    settings = settings_in(tmp_path, database_url=url)
    seed(settings)
    with serving(settings) as server:
        assert_documented(exchange(server.url, _FORGET), 200)
        with _unreachable(postgresql, url):
            for request in (_FORGET, _HEALTH):
                response = exchange(server.url, request)
                assert_documented(response, 503)
                assert response.all("retry-after") == ["5"]
        assert_documented(exchange(server.url, _FORGET), 200)


@pytest.mark.anyio
@pytest.mark.parametrize("apart", [False, True])
async def test_something_was_done(postgresql: Postgres, url: str, *, apart: bool) -> None:
    """Once a request has changed something, here or in a task of its own, it is not to be sent again."""
    async with Database(url) as database:
        await database.migrate()
        with noting_effects():
            with _unreachable(postgresql, url):
                for use in (
                    database.read(has_accounts),
                    database.write(add("never")),
                    database.write(add("no"), long=True),
                ):
                    with pytest.raises(NothingDoneError):
                        await use
            writing = database.write(add("acme"))
            await (asyncio.create_task(writing) if apart else writing)
            with _unreachable(postgresql, url), pytest.raises(StorageError) as caught:
                await database.read(has_accounts)
        assert not isinstance(caught.value, NothingDoneError)


def _fail(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT * FROM nothing")


def _collide(_: Connection) -> None:
    raise StaleError


@pytest.mark.anyio
async def test_what_may_have_changed_something(database_url: str) -> None:
    """A request may be sent again after a failed read or a conflict, but not after a write that failed otherwise."""
    async with Database(database_url) as database:
        await database.migrate()
        cases: list[tuple[bool, list[_Use]]] = [
            (True, [lambda: database.read(_fail)]),
            (True, [lambda: database.scan(lambda connection, _: _fail(connection), 5)]),
            (True, [lambda: database.write(_collide)]),
            (False, [lambda: database.write(_fail)]),
            (False, [lambda: database.write(_fail), lambda: database.read(_fail)]),
        ]
        for may_be_sent_again, uses in cases:
            with noting_effects():
                for use in uses:
                    with pytest.raises(StorageError) as caught:
                        await use()
                assert isinstance(caught.value, NothingDoneError) == may_be_sent_again
