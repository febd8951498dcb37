"""Fixtures that several suites share."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from meshydb_server.configuration.settings import Settings
from tests.support.databases import postgres
from tests.support.databases.migrated import ReusedDatabase, SqliteTemplate
from tests.support.memory import keep_files_in_memory
from tests.support.server import LiveServer, seed, serving, settings_in, sqlite_url

pytest_plugins = ["meshydb.testing", "tests.mutants.report"]

keep_files_in_memory()

# A machine that is busy is slow, and no fault of an example.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Python's own 700 would have the collector go through what schemathesis makes, and keeps, again and again.
gc.set_threshold(50_000, 10, 10)


@pytest.fixture(scope="session", autouse=True)
def _clean_environment() -> Generator[None]:
    """Tests neither read nor change the developer's variables."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith("MESHYDB_") and not name.startswith("MESHYDB_TEST_"):
                patch.delenv(name)
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
            patch.delenv(name, raising=False)
            patch.delenv(name.lower(), raising=False)
        yield


@pytest.fixture(scope="session")
def seeded_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a database that `tests.support.server.seed` has filled."""
    settings = settings_in(tmp_path_factory.mktemp("server"))
    seed(settings)
    return settings


@pytest.fixture(scope="session")
def live_server(seeded_settings: Settings) -> Generator[LiveServer]:
    """A real server on loopback, on the seeded database."""
    with serving(seeded_settings) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Generator[postgres.Postgres]:
    """A PostgreSQL server, started when the first test asks for it."""
    with postgres.running() as server:
        yield server


@pytest.fixture(scope="session")
def reused_database(postgresql: postgres.Postgres) -> Generator[ReusedDatabase]:
    """A database of that server with tables."""
    with ReusedDatabase(postgresql) as database:
        yield database


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplate:
    """An SQLite file with tables."""
    return SqliteTemplate(tmp_path_factory.mktemp("template"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[str]:
    """The URL of a database of each kind, with tables and no rows."""
    if request.param == "sqlite":
        template: SqliteTemplate = request.getfixturevalue("sqlite_template")
        yield template.copy_to(tmp_path)
    else:
        reused: ReusedDatabase = request.getfixturevalue("reused_database")
        with reused.lent() as url:
            yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[str]:
    """The URL of a new database of each kind, without tables."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path)
    else:
        server: postgres.Postgres = request.getfixturevalue("postgresql")
        with server.database() as url:
            yield url


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Coroutine tests run on asyncio, like the server."""
    return "asyncio"
