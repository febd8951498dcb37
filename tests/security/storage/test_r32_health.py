"""R32: the server is healthy only if a write would succeed and survive a restart."""

from __future__ import annotations

import asyncio
import resource
import shutil
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from sqlalchemy.engine import make_url

from meshydb_server.runtime import Services
from meshydb_server.services.common.dependencies import Dependencies
from meshydb_server.storage.engine.errors import StorageError
from meshydb_server.storage.schema import audit, heartbeat
from tests.security.services import OLD_PASSWORD, ask, log_in, rows, services_on
from tests.support.databases.migrated import ReusedDatabase, SqliteTemplate
from tests.support.dependencies import SetClock
from tests.support.http.raw import assert_documented, compose, exchange
from tests.support.instrumentation import statements
from tests.support.server import serving, settings_in

pytestmark = pytest.mark.anyio

_HEALTH: Final = compose(method="GET", target="/healthz", content_type=None)
_END_OTHERS: Final = (
    b"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    b" WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def path(sqlite_template: SqliteTemplate, tmp_path: Path) -> Path:
    """The file of a database in a folder of its own."""
    folder = tmp_path / "data"
    folder.mkdir()
    sqlite_template.copy_to(folder)
    return folder / "meshydb.sqlite3"


@pytest.fixture
def postgresql_url(reused_database: ReusedDatabase) -> Generator[str]:
    """A database of PostgreSQL with its tables."""
    with reused_database.lent() as url:
        yield url


@contextmanager
def _full_disk(path: Path) -> Generator[None]:
    """Let no file of this process grow beyond what SQLite has written, until the block ends."""
    log = path.with_name(f"{path.name}-wal")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def _refuses_writes(services: Services, reason: str) -> None:
    for call in (services.health.check(), ask(services), log_in(services, OLD_PASSWORD)):
        with pytest.raises(StorageError, match=reason):
            await call


async def test_r32_full_disk(path: Path) -> None:
    """The server is unhealthy while the disk is full, and healthy afterwards."""
    clock = SetClock()
    async with services_on(f"sqlite+aiosqlite:///{path}", clock) as services:
        await services.health.check()
        clock.move(seconds=1)
        with _full_disk(path):
            await _refuses_writes(services, "failed: ")
        clock.move(seconds=1)
        await services.health.check()
        await ask(services)


@asynccontextmanager
async def _read_only(database_url: str) -> AsyncGenerator[None]:
    """Let a database of PostgreSQL take no writes until the block ends, as a standby does."""
    name = make_url(database_url).database
    address = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg.connect(address, autocommit=True)) as connection:
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
        connection.execute(_END_OTHERS)
        yield
        connection.execute(b"SET default_transaction_read_only = off")
        connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only".encode())
        connection.execute(_END_OTHERS)


async def test_r32_read_only(postgresql_url: str) -> None:
    """The server is unhealthy while PostgreSQL is read-only, and healthy afterwards."""
    clock = SetClock()
    async with services_on(postgresql_url, clock) as services:
        await services.health.check()
        async with _read_only(postgresql_url):
            clock.move(seconds=1)
            with pytest.raises(StorageError, match="read-only transaction"):
                await services.health.check()
        clock.move(seconds=1)
        await services.health.check()


def _files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def _delete(path: Path, aside: Path) -> None:
    path.rename(aside / path.name)


def _replace(path: Path, aside: Path) -> None:
    path.rename(aside / path.name)
    shutil.copy(aside / path.name, path)


def _delete_log(path: Path, aside: Path) -> None:
    log = path.with_name(f"{path.name}-wal")
    log.rename(aside / log.name)


def _put_back(path: Path, aside: Path) -> None:
    for file in aside.iterdir():
        file.rename(path.parent / file.name)


@pytest.mark.parametrize("break_", [_delete, _replace, _delete_log])
async def test_r32_file_gone(path: Path, tmp_path: Path, break_: Callable[[Path, Path], None]) -> None:
    """The server is unhealthy and writes nothing while another file, or none, is at the database's path.

    What is acknowledged before and after that is there at the next start.
    """
    clock = SetClock()
    aside = tmp_path / "aside"
    aside.mkdir()
    url = f"sqlite+aiosqlite:///{path}"
    async with services_on(url, clock) as services:
        before = len(await rows(services, audit))
        await ask(services)
        await services.health.check()
        break_(path, aside)
        there = _files(path.parent)
        clock.move(seconds=1)
        await _refuses_writes(services, "was deleted or replaced; put it back, or restart the server$")
        # Nothing new is made in its place.
        assert _files(path.parent) == there
        _put_back(path, aside)
        clock.move(seconds=1)
        await services.health.check()
        await ask(services)
        trail = await rows(services, audit)
    assert len(trail) == before + 2
    async with services_on(url, clock, new=False) as services:
        assert await rows(services, audit) == trail


async def test_r32_link_moved(path: Path, tmp_path: Path) -> None:
    """A link at the path that points to another file counts as another file."""
    clock = SetClock()
    link = tmp_path / "link.sqlite3"
    link.symlink_to(path)
    async with services_on(f"sqlite+aiosqlite:///{link}", clock) as services:
        await services.health.check()
        other = tmp_path / "other.sqlite3"
        shutil.copy(path, other)
        link.unlink()
        link.symlink_to(other)
        clock.move(seconds=1)
        await _refuses_writes(services, "was deleted or replaced")


async def test_r32_readers_do_not_open_another_file(path: Path, tmp_path: Path) -> None:
    """Readers do not open a file that was put at the path later."""
    async with services_on(f"sqlite+aiosqlite:///{path}") as services:
        engine: Any = services.database._engine  # noqa: SLF001 - who reads keeps connections open
        engine._reading.dispose()  # noqa: SLF001 - likewise
        _replace(path, tmp_path)
        with pytest.raises(StorageError, match="was deleted or replaced"):
            await rows(services, audit)


async def test_r32_once_a_second(database_url: str) -> None:
    """Health checks cause at most one write a second, which leaves nothing."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        for after, tries in ((0, 1), (999, 0), (1, 1), (0, 0), (-5000, 1)):
            clock.move(milliseconds=after)
            with statements() as seen:
                await asyncio.gather(*(services.health.check() for _ in range(50)))
            assert len([each for each in seen if each.text.startswith("INSERT INTO heartbeat")]) == tries
        assert await rows(services, heartbeat) == []


def test_r32_responses(path: Path, tmp_path: Path) -> None:
    """`/healthz` returns 200 or 503 with the documented bodies."""
    clock = SetClock()
    aside = tmp_path / "aside"
    aside.mkdir()
    settings = settings_in(path.parent)
    with serving(settings, Dependencies(clock=clock)) as server:
        assert_documented(exchange(server.url, _HEALTH), 200)
        _delete(path, aside)
        clock.move(seconds=1)
        assert_documented(exchange(server.url, _HEALTH), 503)
        _put_back(path, aside)
        clock.move(seconds=1)
        assert_documented(exchange(server.url, _HEALTH), 200)
