"""Transactions on SQLite, which has one writer at a time.

A durable transaction waits for the disk, which takes as long for many as for one. Transactions that arrive while a
group is being written form the next group: one database transaction, with a savepoint for each.

A statement takes microseconds, less than handing it to a thread. Only waiting happens in a thread: for another process
before a group, and for the disk after it. Transactions of many statements are run in the thread as well.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections import deque
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar, cast

from attrs import define
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from meshydb_server.storage.engine.codes import code_of
from meshydb_server.storage.engine.errors import NoConnectionError, StaleError, StorageError
from meshydb_server.storage.engine.load import Load, PoolLoad, pool_load
from meshydb_server.storage.engine.long_work import SCANNERS, Check, LongWork, LongWorkThreads, Others
from meshydb_server.storage.engine.migrate import upgrade
from meshydb_server.storage.engine.prepared import Change, Lookup
from meshydb_server.storage.engine.sqlite.connections import (
    connect,
    driver_of,
    file_of,
    is_busy,
    lock_wait_of,
    retry_while_busy,
)
from meshydb_server.storage.engine.sqlite.file import OpenFile

T = TypeVar("T")

_READERS: Final = 4
_LARGEST_GROUP: Final = 100
# After so many of its steps, some milliseconds, SQLite asks whether a statement of a scan has to stop.
_STEPS: Final = 200_000
# Fewer, because a long write may be many short statements.
_WRITING_STEPS: Final = 1000


class SqliteEngine:
    """One connection that writes groups, and threads that read."""

    can_query = False

    def __init__(self, url: URL, others: Others) -> None:
        self.file = file_of(url)
        # The driver in the URL is not used: it would switch threads for each statement.
        url = url.set(drivername="sqlite")
        self.lock_wait = lock_wait_of(url)
        self._main = OpenFile(self.file)
        # The write-ahead log, which holds committed data. SQLite puts it beside the target of a symbolic link.
        self._log = OpenFile(Path(f"{os.path.realpath(self.file)}-wal"))
        self._writing = connect(url, self._main, 1, "PRAGMA busy_timeout = 0")
        wait = f"PRAGMA busy_timeout = {self.lock_wait * 1000:.0f}"
        self._reading = connect(url, self._main, _READERS, wait, "PRAGMA query_only = ON")
        event.listen(self._writing, "connect", lambda *_: self._log.forget())
        # Stays open: to take it from the pool for each group takes as long as some statements.
        self._held: Connection | None = None
        self._writer = ThreadPoolExecutor(1, "sqlite-writer")
        self._readers = ThreadPoolExecutor(_READERS, "sqlite-reader")
        self._scanning = connect(url, self._main, SCANNERS, wait, "PRAGMA query_only = ON")
        self._scanners = LongWorkThreads(SCANNERS, "scan", others)
        self._reading_here = connect(url, self._main, 1, "PRAGMA busy_timeout = 0", "PRAGMA query_only = ON")
        self._here: Connection | None = None
        self._connecting = asyncio.Lock()
        self._waiting = deque[_Job]()
        self._working: asyncio.Task[None] | None = None
        self._closed = False

    def migrate(self, connection: Connection) -> None:
        """Run pending migrations. Other processes wait until this one has finished."""
        upgrade(connection)

    async def read(self, work: Callable[[Connection], T], *, brief: bool = False) -> T:
        """Run a read-only transaction, which sees the data as it was at its start; on the event loop if it is brief."""
        if brief:

            def transact(connection: Connection) -> T:
                driver_of(connection).execute("BEGIN")
                return work(connection)

            with suppress(_BusyError):
                return await self._read_here(transact)

        def run() -> T:
            with self._reading.begin() as connection:
                connection.exec_driver_sql("BEGIN")
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._readers, run)

    async def look_up(self, lookup: Lookup[T]) -> T:
        """Execute a statement that reads a few rows by their keys, on the event loop."""
        # A statement is a transaction by itself.
        with suppress(_BusyError):
            return await self._read_here(lookup.on)
        return await self.read(lookup.on)

    async def _read_here(self, work: Callable[[Connection], T]) -> T:
        connection = self._here or await self._connect_here()
        try:
            return work(connection)
        except OperationalError as error:
            # Another process is recovering the file, for example. Only a thread may wait for it.
            if is_busy(error):
                raise _BusyError from error
            raise
        finally:
            connection.rollback()
            driver_of(connection).rollback()

    async def _connect_here(self) -> Connection:
        # Only a thread may wait for another process that has the file.
        async with self._connecting:
            connection = self._here
            if connection is None:
                connection = await asyncio.get_running_loop().run_in_executor(self._readers, self._reading_here.connect)
                self._here = connection
        return connection

    async def query(self, lookup: Lookup[T]) -> T:
        """Not here: a statement that takes long would hold up the event loop."""
        raise NotImplementedError

    async def scan(self, work: Callable[[Connection, Check], T], seconds: float) -> T:
        """Run a read-only transaction that may take long."""

        def run(scan: LongWork) -> T:
            with self._scanning.connect() as connection, scan.interrupted_by():
                driver = driver_of(connection)
                driver.set_progress_handler(scan.is_over, _STEPS)
                try:
                    with connection.begin():
                        connection.exec_driver_sql("BEGIN")
                        return work(connection, scan.check)
                finally:
                    driver.set_progress_handler(None, 0)

        return await self._scanners.run(run, seconds)

    async def write(self, work: Callable[[Connection], T], *, long: bool = False) -> T:
        """Run a transaction as part of the next group, in the writer's thread if it is long."""
        if self._closed:
            raise StorageError("The database is closed.")
        job = _Job(work, asyncio.get_running_loop().create_future(), long)
        self._waiting.append(job)
        if self._working is None:
            self._working = asyncio.create_task(self._run_groups())
        await job.done
        if job.error is not None:
            raise job.error
        return cast("T", job.result)

    async def change(self, change: Change) -> None:
        """Run a short transaction as part of the next group."""
        await self.write(change.on)

    def load(self) -> Load:
        """How busy the pools are, and how many transactions wait for the next group."""
        writing = PoolLoad(0 if self._working is None else 1, 1)
        pools = {"write": writing, "read": pool_load(self._reading), "scan": pool_load(self._scanning)}
        return Load(len(self._waiting), pools)

    async def close(self) -> None:
        """Finish running transactions, and close the file."""
        self._closed = True
        if self._working is not None:
            await self._working

        def close() -> None:
            self._scanners.close()
            self._scanning.dispose()
            for connection in (self._held, self._here):
                if connection is not None:
                    connection.close()
            self._reading_here.dispose()
            for threads, engine in ((self._writer, self._writing), (self._readers, self._reading)):
                threads.shutdown()
                engine.dispose()

        await asyncio.to_thread(close)

    async def _run_groups(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            group: list[_Job] = []
            try:
                async with self._transaction() as connection:
                    # Includes transactions that arrived during the wait.
                    group = self._next_group()
                    for job in group:
                        if job.done.cancelled():
                            continue
                        if job.long:
                            await loop.run_in_executor(self._writer, job.run_long, connection)
                        else:
                            job.run(connection)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is for those who wait
                reason = _reason(error, has_begun=bool(group))
                group = group or self._next_group()
                for job in group:
                    job.error = job.error or reason
            for job in group:
                # A caller may have been cancelled meanwhile.
                if not job.done.done():
                    job.done.set_result(None)
            if self._waiting:
                # Responses are sent before the next group runs, and other processes get a turn.
                await asyncio.sleep(0)
        self._working = None

    def _next_group(self) -> list[_Job]:
        jobs = [self._waiting.popleft() for _ in range(min(len(self._waiting), _LARGEST_GROUP))]
        return [job for job in jobs if not job.done.cancelled()]

    @asynccontextmanager
    async def _transaction(self) -> AsyncGenerator[Connection]:
        loop = asyncio.get_running_loop()
        # Only a thread may wait for another process.
        connection = self._begin_at_once()
        if connection is None:
            connection = await loop.run_in_executor(self._writer, self._begin)
        try:
            yield connection
            await loop.run_in_executor(self._writer, self._commit, connection)
        finally:
            connection.rollback()
            # With the driver too: SQLAlchemy considers a transaction over even if the commit failed.
            driver_of(connection).rollback()

    def _begin_at_once(self) -> Connection | None:
        """Begin a transaction, unless another process has the file, or no connection has written yet.

        To connect may take long: it waits for a process that sets up the file.
        """
        if not self._log.is_open:
            return None
        try:
            return self._begin(0)
        except OperationalError as error:
            if is_busy(error):
                return None
            raise

    def _begin(self, wait: float | None = None) -> Connection:
        connection = self._held = self._held or self._writing.connect()
        try:
            # IMMEDIATE, because a transaction that starts with reading fails at its first write if another process has
            # written meanwhile, no matter how long it may wait.
            retry_while_busy(driver_of(connection), "BEGIN IMMEDIATE", self.lock_wait if wait is None else wait)
            self._check_files()
        except sqlite3.OperationalError as error:
            driver_of(connection).rollback()
            raise OperationalError("BEGIN IMMEDIATE", None, error) from error
        # Starts a transaction for SQLAlchemy too, which would otherwise have nothing to commit.
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


class _BusyError(Exception):
    """Another process has the file."""


@define(eq=False)
class _Job:
    """A waiting transaction, and its result."""

    work: Callable[[Connection], object]
    done: asyncio.Future[None]
    long: bool
    result: object = None
    error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        # With the driver: SQLAlchemy takes as long for each of these as for a query.
        driver = driver_of(connection)
        driver.execute("SAVEPOINT job")
        try:
            self.result = self.work(connection)
        except BaseException as error:  # noqa: BLE001 - it is for the caller, and not for the others of the group
            self.error = error
            _roll_back(connection, error)
        driver.execute("RELEASE job")

    def run_long(self, connection: Connection) -> None:
        """Run, and stop if the caller leaves: other transactions wait for this one."""
        driver = driver_of(connection)
        driver.set_progress_handler(self.done.cancelled, _WRITING_STEPS)
        try:
            self.run(connection)
        finally:
            driver.set_progress_handler(None, 0)


def _reason(error: Exception, *, has_begun: bool) -> Exception:
    """Why a group has failed, for each of its transactions."""
    if not isinstance(error, DBAPIError):
        return error
    if not has_begun:
        reason = NoConnectionError()
        reason.__cause__ = error
        return reason
    # SQLite rolls back the whole group if it interrupts a statement that writes. The others run again.
    return StaleError() if code_of(error) == "SQLITE_INTERRUPT" else error


def _roll_back(connection: Connection, error: BaseException) -> None:
    try:
        connection.exec_driver_sql("ROLLBACK TO job")
    except DBAPIError:
        # SQLite has already rolled back the whole group, for example if the disk is full.
        raise error from None
