"""Databases with tables and no rows, reused because creating one takes longer than most tests."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, Self

import psycopg
from sqlalchemy.engine import make_url

from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.schema import metadata
from tests.support.databases.postgres import Postgres
from tests.support.server import sqlite_url

_DISCONNECT: Final = (
    b"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    b" WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
# Of the few rows of a test, this takes a third of the time of TRUNCATE, which makes new files.
_EMPTY: Final = "; ".join(str(table.delete()) for table in reversed(metadata.sorted_tables)).encode()
# Tells of a change in a fraction of the time that it takes to say what the structure is. The first id is that of what
# users create.
_LAST_CHANGE: Final = " UNION ALL ".join(
    f"SELECT count(*), max(xmin::text::bigint) FROM {catalog} WHERE {column} >= 16384"  # noqa: S608 - of these
    for catalog, column in {
        "pg_attribute": "attrelid",
        "pg_class": "oid",
        "pg_constraint": "oid",
        "pg_index": "indexrelid",
        "pg_trigger": "oid",
        "pg_db_role_setting": "setdatabase",
    }.items()
).encode()
# What a test may have changed besides rows: columns, what holds of them, triggers, and settings of the database.
_STRUCTURE: Final = (
    b"SELECT attrelid::regclass::text, attname, atttypid::text, attcollation::text, attnotnull::text"
    b" FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid WHERE relnamespace = 'public'::regnamespace"
    b" UNION ALL SELECT conname, pg_get_constraintdef(oid), '', '', '' FROM pg_constraint"
    b" UNION ALL SELECT indexdef, '', '', '', '' FROM pg_indexes WHERE schemaname = 'public'"
    b" UNION ALL SELECT pg_get_triggerdef(oid), '', '', '', '' FROM pg_trigger"
    b" UNION ALL SELECT setconfig::text, '', '', '', '' FROM pg_db_role_setting"
    b" JOIN pg_database ON setdatabase = pg_database.oid WHERE datname = current_database()"
    b" ORDER BY 1, 2, 3, 4, 5"
)


class SqliteTemplate:
    """An SQLite file with all tables, to be copied."""

    def __init__(self, folder: Path) -> None:
        _migrate(sqlite_url(folder))
        (self._file,) = folder.iterdir()

    def copy_to(self, folder: Path) -> str:
        """Put a copy into a folder; returns its URL."""
        shutil.copy(self._file, folder)
        return sqlite_url(folder)


class ReusedDatabase:
    """A database of a PostgreSQL server for many tests, emptied after each.

    A test that leaves it in another form than it was in has it dropped, and the next one gets a new one.
    """

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._dropping = ExitStack()
        self._url: str | None = None
        self._structure: list[Any] = []
        self._last_change: list[Any] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()

    @contextmanager
    def lent(self) -> Generator[str]:
        """Lend its URL until the block ends."""
        url = self._url = self._url or self._make()
        try:
            yield url
        finally:
            with _connected(url) as connection:
                connection.execute(_DISCONNECT)
                intact = self._is_intact(connection)
                if intact:
                    connection.execute(_EMPTY)
            if not intact:
                self._drop()

    def _make(self) -> str:
        url = self._dropping.enter_context(self._server.database())
        _migrate(url)
        with _connected(url) as connection:
            self._structure = connection.execute(_STRUCTURE).fetchall()
            self._last_change = connection.execute(_LAST_CHANGE).fetchall()
        return url

    def _is_intact(self, connection: psycopg.Connection[Any]) -> bool:
        last_change = connection.execute(_LAST_CHANGE).fetchall()
        if last_change == self._last_change:
            return True
        # What has changed may have been changed back.
        self._last_change = last_change
        return connection.execute(_STRUCTURE).fetchall() == self._structure

    def _drop(self) -> None:
        self._dropping.close()
        self._url = None


def _migrate(url: str) -> None:
    async def migrate() -> None:
        async with Database(url) as database:
            await database.migrate()

    asyncio.run(migrate())


def _connected(url: str) -> psycopg.Connection[Any]:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)
