"""The connection to a database: its transactions, and what SQLite needs to be told."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing, nullcontext
from itertools import count
from typing import Any, Final, Self, cast

from sqlalchemy import event, select
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from meshydb_server.storage.errors import DuplicateError, StorageError
from meshydb_server.storage.migrate import upgrade
from meshydb_server.storage.schema import accounts

_WRITES: Final = "meshydb_writes"

_SQLITE_PRAGMAS: Final = (
    # Milliseconds to wait for another process.
    "PRAGMA busy_timeout = 10000",
    # NORMAL would lose acknowledged writes when the power fails.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)

_WAL_ATTEMPTS: Final = 100
_WAL_PAUSE_SECONDS: Final = 0.05


class Database:
    """Opens transactions on one database. Each raises StorageError when the database fails."""

    def __init__(self, url: str) -> None:
        """Take an SQLAlchemy URL with an async driver; connects at first use."""
        try:
            self._engine = create_async_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        except (ArgumentError, InvalidRequestError, ModuleNotFoundError) as error:
            raise StorageError(f"The database URL cannot be used: {_first_line(error)}") from error
        self._is_sqlite = self._engine.dialect.name == "sqlite"
        if self._is_sqlite:
            _prepare_sqlite(self._engine)
        # SQLite has one writer at a time, and its own way of waiting for it polls; a lock wakes the next at once.
        self._writer = asyncio.Lock() if self._is_sqlite else nullcontext()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._engine.dispose()

    async def migrate(self) -> None:
        """Bring the tables to the newest version, creating them at first use."""
        if self._is_sqlite:
            try:
                await asyncio.to_thread(_use_wal, self._engine)
            except sqlite3.DatabaseError as error:
                raise self._failure(error) from error
        async with self.writing() as connection:
            await connection.run_sync(upgrade)

    async def ping(self) -> None:
        """Raise StorageError unless the database answers."""
        async with self.reading() as connection:
            # Not a bare SELECT 1, for which SQLite does not even read its file.
            await connection.execute(select(accounts.c.account).limit(1))

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncConnection]:
        """A transaction that only reads."""
        async with self._transaction() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[AsyncConnection]:
        """A transaction that writes: committed when the block ends, rolled back when it raises.

        Raises DuplicateError when a key exists already.
        """
        async with self._writer, self._transaction(**{_WRITES: True}) as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(self, **options: bool) -> AsyncGenerator[AsyncConnection]:
        try:
            async with self._engine.connect() as connection:
                await connection.execution_options(**options)
                async with connection.begin():
                    yield connection
        except IntegrityError as error:
            raise DuplicateError(_first_line(error.orig)) from error
        except DBAPIError as error:
            raise self._failure(error.orig) from error
        except (PoolTimeoutError, OSError) as error:
            raise StorageError(f"The database {self._engine.url} is out of reach: {_first_line(error)}") from error

    def _failure(self, error: BaseException | None) -> StorageError:
        return StorageError(f"The database {self._engine.url} failed: {_first_line(error)}")


def _use_wal(engine: AsyncEngine) -> None:
    """Let readers go on while one writes. SQLite keeps this with the file, so it is set once, before all else.

    By the driver below aiosqlite, whose thread would print a traceback for a file that cannot be opened.
    """
    (filename, *_), options = engine.dialect.create_connect_args(engine.url)
    for attempt in count(1):
        with closing(sqlite3.connect(filename, uri=options.get("uri", False))) as connection:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                # SQLite does not wait here, however long its timeout, when another process does the same.
                if attempt == _WAL_ATTEMPTS or "locked" not in str(error):
                    raise
            else:
                return
        time.sleep(_WAL_PAUSE_SECONDS)


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connect(dbapi_connection: DBAPIConnection, _: object) -> None:
        # Python's sqlite3 begins transactions late and at its own choice; `begin` below does it instead.
        cast("Any", dbapi_connection).isolation_level = None
        cursor = dbapi_connection.cursor()
        for pragma in _SQLITE_PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that will write says so at once: one that turns from reading to writing fails when another
        # has written meanwhile, however long it is willing to wait.
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _first_line(error: BaseException | None) -> str:
    return str(error).partition("\n")[0]
