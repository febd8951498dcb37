"""Transactions on SQLite, which has one writer at a time.

To be durable, a transaction waits for the disk, which takes as long for many as for one. So those that come while a
group is written become the next group: each in a savepoint of its own, all of them in one transaction of the database.

A statement takes microseconds, less than it would take to hand it to a thread. What may take long is done in a thread:
to wait for another process before a group, and for the disk after it.
"""

from __future__ import annotations

import asyncio
import math
import os
import sqlite3
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar, cast

from attrs import define
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from meshydb_server.private_files import make_private
from meshydb_server.storage.errors import StorageError
from meshydb_server.storage.migrate import upgrade
from meshydb_server.storage.sqlite_file import OpenFile

T = TypeVar("T")

_READERS: Final = 4
_LARGEST_GROUP: Final = 100

_PRAGMAS: Final = (
    # NORMAL would lose acknowledged writes when the power fails.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)

# For so long one waits for another process, unless the URL has a `timeout`, as sqlite3 calls it. It is tried again
# after the same pause each time: SQLite itself would try less and less often, so that a process that writes one group
# after the other would be the first to try, again and again.
_PATIENCE_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.0005
# SQLite counts the milliseconds of a `busy_timeout` in 32 bits.
_LONGEST_PATIENCE_SECONDS: Final = 2_147_483


class SqliteEngine:
    """One connection that writes groups, and threads that read."""

    def __init__(self, url: URL) -> None:
        if not url.database or url.database == ":memory:":
            raise ArgumentError("SQLite needs a file, as in sqlite+aiosqlite:///meshydb.sqlite3")
        self.file = Path(url.database)
        # The driver that the URL names is of no use here: it would change threads for each statement.
        url = url.set(drivername="sqlite")
        self.patience = _patience(url)
        self._main = OpenFile(self.file)
        # What was committed is in this one, until it is full. It is where the link leads, if there is one.
        self._log = OpenFile(Path(f"{os.path.realpath(self.file)}-wal"))
        self._writing = _connect(url, self._main, 1, "PRAGMA busy_timeout = 0")
        wait = f"PRAGMA busy_timeout = {self.patience * 1000:.0f}"
        self._reading = _connect(url, self._main, _READERS, wait, "PRAGMA query_only = ON")
        event.listen(self._writing, "connect", lambda *_: self._log.forget())
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
        while self._waiting:
            group: list[_Job] = []
            try:
                async with self._transaction() as connection:
                    # Those too that have come while it was waited for.
                    group = self._next_group()
                    for job in group:
                        job.run(connection)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is for those who wait
                group = group or self._next_group()
                for job in group:
                    job.error = job.error or error
            for job in group:
                # A caller may have been cancelled meanwhile.
                if not job.done.done():
                    job.done.set_result(None)
        self._working = None

    def _next_group(self) -> list[_Job]:
        jobs = [self._waiting.popleft() for _ in range(min(len(self._waiting), _LARGEST_GROUP))]
        return [job for job in jobs if not job.done.cancelled()]

    @asynccontextmanager
    async def _transaction(self) -> AsyncGenerator[Connection]:
        loop = asyncio.get_running_loop()
        connection = await loop.run_in_executor(self._writer, self._begin)
        try:
            yield connection
            await loop.run_in_executor(self._writer, self._commit, connection)
        finally:
            # By the driver, because for SQLAlchemy a transaction is over even if it could not be committed.
            _driver(connection).rollback()
            connection.close()

    def _begin(self) -> Connection:
        connection = self._writing.connect()
        try:
            # At once for writing: a transaction that turns from reading to writing fails when another process has
            # written meanwhile, however long it is willing to wait.
            _insist(_driver(connection), "BEGIN IMMEDIATE", self.patience)
            self._check_files()
        except sqlite3.OperationalError as error:
            _driver(connection).rollback()
            connection.close()
            raise OperationalError("BEGIN IMMEDIATE", None, error) from error
        # Tells SQLAlchemy, for which a connection without a transaction has nothing to commit.
        connection.begin()
        return connection

    def _commit(self, connection: Connection) -> None:
        connection.commit()
        try:
            # Nothing is acknowledged that the next start would not find.
            self._check_files()
        except sqlite3.OperationalError as error:
            raise OperationalError("COMMIT", None, error) from error

    def _check_files(self) -> None:
        self._main.check()
        self._log.check()


@define(eq=False)
class _Job:
    """A transaction that waits for its turn, and what came of it."""

    work: Callable[[Connection], object]
    done: asyncio.Future[None]
    result: object = None
    error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        # By the driver, because SQLAlchemy takes as long for each of these as for a query.
        driver = _driver(connection)
        driver.execute("SAVEPOINT job")
        try:
            self.result = self.work(connection)
        except BaseException as error:  # noqa: BLE001 - it is for the caller, and not for the others of the group
            self.error = error
            _undo(connection, error)
        driver.execute("RELEASE job")


def _undo(connection: Connection, error: BaseException) -> None:
    try:
        connection.exec_driver_sql("ROLLBACK TO job")
    except DBAPIError:
        # SQLite has already undone all of the group, as it does when the disk is full.
        raise error from None


def _connect(url: URL, file: OpenFile, connections: int, *pragmas: str) -> Engine:
    engine = create_engine(url, pool_size=connections, max_overflow=0, hide_parameters=True)

    @event.listens_for(engine, "do_connect")
    def make(*_: object) -> None:
        if not file.is_open:
            _make_file(url)

    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: DBAPIConnection, _: object) -> None:
        connection = cast("sqlite3.Connection", dbapi_connection)
        # Python's sqlite3 begins transactions late and at its own choice; here each is begun by a statement.
        connection.isolation_level = None
        try:
            # Lets readers go on while one writes. SQLite keeps this with the file, so it matters at first use alone.
            _insist(connection, "PRAGMA journal_mode = WAL", _PATIENCE_SECONDS)
            for pragma in (*_PRAGMAS, *pragmas):
                connection.execute(pragma)
            file.check()
        except sqlite3.Error:
            connection.close()
            raise

    return engine


def _make_file(url: URL) -> None:
    """Make the file for its owner alone, as SQLite would not. What SQLite puts beside it gets the same mode."""
    # Where that cannot be done, SQLite says why, or does it.
    with suppress(OSError):
        path = Path(os.path.realpath(str(url.database)))
        if not path.exists():
            make_private(path)


def _patience(url: URL) -> float:
    # Others would have Python or SQLite do otherwise than this module relies on, or keep nothing in a file.
    if url.query.keys() - {"timeout"}:
        raise ArgumentError("SQLite takes no option but timeout")
    try:
        seconds = float(str(url.query.get("timeout", _PATIENCE_SECONDS)))
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= _LONGEST_PATIENCE_SECONDS:
        raise ArgumentError(f"timeout is a number of seconds, from 0 to {_LONGEST_PATIENCE_SECONDS}")
    return seconds


def _insist(driver: sqlite3.Connection, statement: str, seconds: float) -> None:
    """Run a statement for which SQLite itself does not wait, or not well, while another process has the file."""
    end = time.monotonic() + seconds
    while True:
        try:
            driver.execute(statement)
        except sqlite3.OperationalError as error:
            # The rest of the code says why it is busy, as when another process that uses the file first sets it up.
            if time.monotonic() >= end or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        else:
            return
        time.sleep(_PAUSE_SECONDS)


def _driver(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.driver_connection)
