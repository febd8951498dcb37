"""Transactions on SQLite, which has one writer at a time.

To be durable, a transaction waits for the disk, which takes as long for many as for one. So those that come while a
group is written become the next group: each in a savepoint of its own, all of them in one transaction of the database.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Final, TypeVar, cast

from attrs import define
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError

from meshydb_server.storage.errors import StorageError
from meshydb_server.storage.migrate import upgrade

T = TypeVar("T")

_IN_MEMORY: Final = {None, "", ":memory:"}
_READERS: Final = 4
_LARGEST_GROUP: Final = 100

_PRAGMAS: Final = (
    # Milliseconds to wait for another process.
    "PRAGMA busy_timeout = 10000",
    # NORMAL would lose acknowledged writes when the power fails.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)

_WAL_ATTEMPTS: Final = 100
_WAL_PAUSE_SECONDS: Final = 0.05


class SqliteEngine:
    """One thread that writes groups, and some that read."""

    def __init__(self, url: URL) -> None:
        if url.database in _IN_MEMORY:
            raise ArgumentError("SQLite needs a file, as in sqlite+aiosqlite:///meshydb.sqlite3")
        # The driver that the URL names is of no use here: it would change threads for each statement.
        url = url.set(drivername="sqlite")
        self._writing = _connect(url, 1)
        self._reading = _connect(url, _READERS, "PRAGMA query_only = ON")
        self._writer = ThreadPoolExecutor(1, "sqlite-writer")
        self._readers = ThreadPoolExecutor(_READERS, "sqlite-reader")
        self._waiting = deque[_Job]()
        self._working: asyncio.Task[None] | None = None
        self._closed = False

    def migrate(self, connection: Connection) -> None:
        """Bring the tables to the newest version. Other processes wait until this one has written."""
        upgrade(connection)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a transaction that only reads, and sees what stood when it began."""

        def run() -> T:
            with self._reading.begin() as connection:
                connection.exec_driver_sql("BEGIN")
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._readers, run)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run a transaction as one of the next group."""
        if self._closed:
            raise StorageError("The database is closed.")
        job = _Job(work, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        if self._working is None:
            self._working = asyncio.create_task(self._work_off())
        await job.done
        if job.error is not None:
            raise job.error
        return cast("T", job.result)

    async def close(self) -> None:
        """End what is under way, and close the file."""
        self._closed = True
        if self._working is not None:
            await self._working

        def close() -> None:
            for threads, engine in ((self._writer, self._writing), (self._readers, self._reading)):
                threads.shutdown()
                engine.dispose()

        await asyncio.to_thread(close)

    async def _work_off(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            group = [self._waiting.popleft() for _ in range(min(len(self._waiting), _LARGEST_GROUP))]
            await loop.run_in_executor(self._writer, self._run, [job for job in group if not job.done.cancelled()])
            for job in group:
                # A caller that was cancelled does not wait any more.
                if not job.done.done():
                    job.done.set_result(None)
        self._working = None

    def _run(self, group: list[_Job]) -> None:
        try:
            with self._writing.begin() as connection:
                # At once for writing: a transaction that turns from reading to writing fails when another process has
                # written meanwhile, however long it is willing to wait.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                for job in group:
                    job.run(connection)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is for those who wait
            for job in group:
                job.error = job.error or error


@define(eq=False)
class _Job:
    """A transaction that waits for its turn, and what came of it."""

    work: Callable[[Connection], object]
    done: asyncio.Future[None]
    result: object = None
    error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        # By the driver, because SQLAlchemy takes as long for each of these as for a query.
        driver = cast("sqlite3.Connection", connection.connection.driver_connection)
        driver.execute("SAVEPOINT job")
        try:
            self.result = self.work(connection)
        except BaseException as error:  # noqa: BLE001 - it is for the caller, and not for this thread
            self.error = error
            _undo(connection, error)
        driver.execute("RELEASE job")


def _undo(connection: Connection, error: BaseException) -> None:
    try:
        connection.exec_driver_sql("ROLLBACK TO job")
    except DBAPIError:
        # SQLite has already undone all of the group, as it does when the disk is full.
        raise error from None


def _connect(url: URL, connections: int, *pragmas: str) -> Engine:
    engine = create_engine(url, pool_size=connections, max_overflow=0, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: DBAPIConnection, _: object) -> None:
        connection = cast("sqlite3.Connection", dbapi_connection)
        # Python's sqlite3 begins transactions late and at its own choice; here each is begun by a statement.
        connection.isolation_level = None
        try:
            _use_wal(connection)
            for pragma in (*_PRAGMAS, *pragmas):
                connection.execute(pragma)
        except sqlite3.Error:
            connection.close()
            raise

    return engine


def _use_wal(connection: sqlite3.Connection) -> None:
    """Let readers go on while one writes. SQLite keeps this with the file, so it matters at first use alone."""
    for attempt in count(1):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            # SQLite does not wait here, however long its timeout, when another process does the same.
            if attempt == _WAL_ATTEMPTS or "locked" not in str(error):
                raise
        else:
            return
        time.sleep(_WAL_PAUSE_SECONDS)
