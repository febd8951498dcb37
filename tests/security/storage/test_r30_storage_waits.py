"""R30: each wait for storage ends, and health checks respond whatever hangs."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import psycopg
import pytest
from sqlalchemy.engine import make_url

from meshydb_server.configuration.settings import Settings
from meshydb_server.services.common.lookup import require_tenant
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import StorageError
from tests.security.services import ACCOUNT, KEYS, OLD_PASSWORD, TENANT, USERNAME, services_on
from tests.support.databases.migrated import ReusedDatabase
from tests.support.databases.transactions import add, count
from tests.support.http.raw import Response, assert_documented, compose, exchange
from tests.support.server import serving, settings_in
from tests.support.waiting import wait_until

pytestmark = pytest.mark.anyio

_HEALTH: Final = compose(method="GET", target="/healthz", content_type=None)
# In seconds; the suite's own patience with an answer is 30.
_SHORT: Final = "1"
_LONG: Final = "3600"
# More than one process has connections.
_MANY: Final = 25
_ROUNDS: Final = 20


@pytest.fixture
def postgresql_url(reused_database: ReusedDatabase) -> Generator[str]:
    """A database of PostgreSQL with its tables."""
    with reused_database.lent() as url:
        yield url


def _connect(database_url: str) -> psycopg.Connection[Any]:
    url = make_url(database_url).set(drivername="postgresql")
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


def _backends(database_url: str) -> list[int]:
    """The processes that serve the database's connections."""
    with closing(_connect(database_url)) as connection:
        rows = connection.execute(
            b"SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            b" AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchall()
    found = [pid for (pid,) in rows]
    if not all(Path(f"/proc/{pid}/cmdline").is_file() and b"postgres" in _name(pid) for pid in found):
        pytest.skip("The server's processes are not of this machine.")
    return found


def _name(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


@contextmanager
def _stopped(database_url: str) -> Generator[None]:
    """Let the processes that serve the connections do nothing until the block ends, as if their disk were gone."""
    stopped = _backends(database_url)
    assert stopped
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def _row_held(database_url: str) -> Generator[None]:
    """Hold, as another program, what a login needs until the block ends."""
    if make_url(database_url).get_backend_name() == "sqlite":
        with closing(sqlite3.connect(make_url(database_url).database or "", isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            yield
            writer.execute("ROLLBACK")
    else:
        with closing(_connect(database_url)) as connection, connection.transaction():
            connection.execute(b"SELECT FROM users FOR UPDATE")
            yield


def _seed(database_url: str) -> bytes:
    """Make what there is in the database; returns the request of a login."""

    async def seed() -> str:
        async with services_on(database_url) as services:
            found = await services.database.read(lambda connection: require_tenant(connection, ACCOUNT, TENANT))
            return found.public_key

    form = {"client_id": asyncio.run(seed()), "grant_type": "password", "username": USERNAME, "password": OLD_PASSWORD}
    return compose(
        urlencode(form).encode(),
        f"tenant: {TENANT}",
        target=f"/{ACCOUNT}/connect/token",
        content_type="Content-Type: application/x-www-form-urlencoded",
    )


def _settings(database_url: str, timeout: str) -> Settings:
    given = {"database_url": database_url, "storage_timeout": timeout, "secret_keys": KEYS[0], "login_guesses": "1000"}
    return Settings.model_validate({"rate_limit": "off", "account_rate_limit": "off", **given})


def _at_once(url: str, request: bytes) -> list[Response]:
    async def send() -> list[Response]:
        return await asyncio.gather(*(asyncio.to_thread(exchange, url, request) for _ in range(_MANY)))

    return asyncio.run(send())


def _all_succeed(url: str, request: bytes) -> None:
    """Send a request many times at once until each succeeds.

    Those of one user wait for each other, and on a busy machine longer than a small time-out allows.
    """
    for _ in range(_ROUNDS):
        if {response.status for response in _at_once(url, request)} == {200}:
            return
    pytest.fail("The server does not recover.")


def test_r30_stopped_backends(postgresql_url: str) -> None:
    """While PostgreSQL does not respond, requests get 503; new and old connections work afterwards."""
    login = _seed(postgresql_url)
    with serving(_settings(postgresql_url, _SHORT)) as server:
        assert exchange(server.url, login).status == 200
        with _stopped(postgresql_url):
            assert_documented(exchange(server.url, login), 503)
            # By new connections, though those that were stopped still are.
            assert exchange(server.url, login).status == 200
            assert exchange(server.url, _HEALTH).status == 200
        # Makes all the connections that the server has.
        _all_succeed(server.url, login)
        with _stopped(postgresql_url):
            responses = _at_once(server.url, login)
            assert 503 in {response.status for response in responses}
            for response in responses:
                assert response.status in {200, 503}
        _all_succeed(server.url, login)


def test_r30_health_is_answered_before_storage_is_given_up(postgresql_url: str) -> None:
    """Health checks respond however long the server may wait for PostgreSQL."""
    login = _seed(postgresql_url)
    with serving(_settings(postgresql_url, _LONG)) as server:
        assert exchange(server.url, login).status == 200
        with _stopped(postgresql_url):
            for response in _at_once(server.url, _HEALTH):
                assert_documented(response, 503)
        # The try that hung has ended, and another is made.
        wait_until(lambda: exchange(server.url, _HEALTH).status == 200)
        assert exchange(server.url, login).status == 200


def test_r30_row_held_elsewhere(database_url: str) -> None:
    """A login gets 503 while another program holds its rows, and succeeds afterwards."""
    login = _seed(database_url)
    url = f"{database_url}?timeout=0.5" if database_url.startswith("sqlite") else database_url
    with serving(_settings(url, _SHORT)) as server:
        assert exchange(server.url, login).status == 200
        with _row_held(database_url):
            response = exchange(server.url, login)
        assert_documented(response, 503)
        # Clients send anything again when they are told when to, and the end of a transaction may be unknown. On SQLite
        # it never began.
        assert response.all("retry-after") == (["5"] if database_url.startswith("sqlite") else [])
        assert exchange(server.url, login).status == 200


async def test_r30_limits_of_the_server(postgresql_url: str) -> None:
    """PostgreSQL itself limits statements, lock waits and idle transactions; the URL can override the limits."""
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")

    async def limits(url: str) -> list[str]:
        async with Database(url, timeout=10) as database:
            return await database.read(
                lambda connection: [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]
            )

    own = make_url(postgresql_url).update_query_dict({"options": "-c lock_timeout=20"})
    assert await limits(postgresql_url) == ["8s", "5s", "10s"]
    assert await limits(own.render_as_string(hide_password=False)) == ["8s", "20ms", "10s"]


async def test_r30_a_server_that_accepts_and_is_silent() -> None:
    """Connecting to a silent server times out."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://127.0.0.1:{silent.getsockname()[1]}/meshydb"
        async with Database(url, timeout=0.5) as database:
            for use in (database.read(count), database.write(add("acme"))):
                with pytest.raises(StorageError, match="it has not answered for"):
                    await use


async def test_r30_a_transaction_of_many_statements_ends(postgresql_url: str) -> None:
    """A transaction of many quick statements times out and is rolled back."""
    async with Database(postgresql_url, timeout=0.5) as database:

        def endless(connection: Any) -> None:
            add("acme")(connection)
            while True:
                connection.exec_driver_sql("SELECT 1")

        with pytest.raises(StorageError, match=r"failed: it has not answered for 0\.5 seconds$"):
            await database.write(endless)
    async with Database(postgresql_url) as database:
        assert await database.read(count) == 0


async def test_r30_queue_behind_a_stuck_group(tmp_path: Path) -> None:
    """Writes that wait behind a stuck SQLite group time out, and are not written afterwards."""
    settings = settings_in(tmp_path)
    async with Database(f"{settings.database_url}?timeout=0") as database:
        await database.migrate()
    async with Database(f"{settings.database_url}?timeout=0", timeout=0.5) as database:
        stuck = asyncio.Event()
        free = asyncio.Event()
        writer: Any = database._engine  # noqa: SLF001 - a disk that hangs is not to be had otherwise
        loop = asyncio.get_running_loop()

        def hang() -> None:
            loop.call_soon_threadsafe(stuck.set)
            asyncio.run_coroutine_threadsafe(free.wait(), loop).result()

        hanging = loop.run_in_executor(writer._writer, hang)  # noqa: SLF001 - likewise
        await stuck.wait()
        behind = await asyncio.gather(*(database.write(add(f"a{n}")) for n in range(3)), return_exceptions=True)
        assert [type(each) for each in behind] == [StorageError] * 3
        assert await database.read(count) == 0
        free.set()
        await hanging
        await database.write(add("later"))
        assert await database.read(count) == 1
