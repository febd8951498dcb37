"""Transactions on PostgreSQL."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

import psycopg
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from meshydb_server.storage.engine.codes import code_of
from meshydb_server.storage.engine.deadlines import is_overdue
from meshydb_server.storage.engine.errors import NoConnectionError, ScanTimeoutError, StaleError
from meshydb_server.storage.engine.load import Load, pool_load
from meshydb_server.storage.engine.long_work import SCANNERS, Check, LongWork, LongWorkThreads, Others
from meshydb_server.storage.engine.migrate import upgrade
from meshydb_server.storage.engine.postgresql.deadline_connection import DeadlineConnection
from meshydb_server.storage.engine.postgresql.held_connections import Held, HeldConnections
from meshydb_server.storage.engine.postgresql.options import NO_LIMITS, limits_of, options_of, set_local
from meshydb_server.storage.engine.postgresql.threaded import cancel_of, is_new_in_pool
from meshydb_server.storage.engine.prepared import Change, Lookup, is_observed, translated

T = TypeVar("T")

# Connections.
_WRITERS: Final = 8
_READERS: Final = 4
_LOOKERS: Final = 4
_CHANGERS: Final = 4
# A connection that was used so recently is assumed to work.
_FRESH_SECONDS: Final = 1.0
_LONG_WRITERS: Final = 2

# Which index serves a search depends on its values and on the size of the mesh. Searches are canceled when their time
# is over: the limit is for those of a process that ended meanwhile.
_OF_SEARCHES: Final[Mapping[str, int | str]] = {"plan_cache_mode": "force_custom_plan", "statement_timeout": 60_000}

# The fraction of the transaction's time for which it may wait for a connection.
_POOL_PART: Final = 0.5

# serialization_failure and deadlock_detected: the transaction succeeds if it runs again.
_STALE: Final = {"40001", "40P01"}

# read_only_sql_transaction: the server is a standby, or no longer the primary. Nothing was changed.
_READ_ONLY: Final = "25006"
# The note on a pool's connection of how often others had been lost before it was made.
_LOSSES: Final = "meshydb_losses"

# query_canceled: by its time limit, or by an administrator.
_CANCELED: Final = "57014"

# Milliseconds.
_LONGEST_STATEMENT: Final = 2_147_483_647

# Any number works that nothing else in the database uses.
_MIGRATION_LOCK: Final = "SELECT pg_advisory_xact_lock(7094655810254)"


class PostgresqlEngine:
    """Runs each transaction on its own connection, as many at a time as there are connections."""

    # A transaction gets no time in addition to its own.
    lock_wait = 0.0

    def __init__(self, url: URL, others: Others, timeout: float, *, prepared_statements: bool = True) -> None:
        self.file = None
        limits = limits_of(timeout)
        # A pooler's connections keep no settings, so each transaction sets its limits.
        self._limits = None if prepared_statements else set_local(limits)
        query = options_of(url, timeout, limits if prepared_statements else {})
        searching = options_of(url, timeout, {**limits, **_OF_SEARCHES} if prepared_statements else {})
        connect_args: dict[str, Any] = {"async_creator_fn": DeadlineConnection.connect}
        if not prepared_statements:
            connect_args["prepare_threshold"] = None
        wait = timeout * _POOL_PART

        def held(
            connections: int, *, readonly: bool = False, query: dict[str, Any] = query, **options: Any
        ) -> HeldConnections:
            engine = create_async_engine(
                url.set(drivername="postgresql+psycopg", query=query),
                # Parameters hold secrets that must not be logged.
                hide_parameters=True,
                pool_size=connections,
                max_overflow=0,
                pool_timeout=wait,
                connect_args=connect_args,
                **options,
            )
            if readonly:
                engine = engine.execution_options(postgresql_readonly=True)
            return HeldConnections(engine, connections, wait, self._drop_free)

        self._writing = held(_WRITERS)
        self._looking = held(_LOOKERS, isolation_level="AUTOCOMMIT")
        # Not those of look-ups, which must not wait for rows that others have locked.
        self._changing = held(_CHANGERS, isolation_level="AUTOCOMMIT")
        self._reading = held(_READERS, readonly=True)
        # Not those of look-ups, which must not wait for what takes long.
        self._searching = held(SCANNERS, query=searching, isolation_level="AUTOCOMMIT")
        # What takes long runs in threads: the event loop would wait for all that is computed between statements.
        self._threaded = create_engine(
            url.set(drivername="postgresql+psycopg", query=query),
            hide_parameters=True,
            pool_size=SCANNERS + _LONG_WRITERS,
            max_overflow=0,
            pool_timeout=wait,
            # Its statements differ from each other, and a pooler may stand in between.
            connect_args={"prepare_threshold": None},
        )
        # How often a connection was lost. The threads' connections are those since the last time.
        self._losses = 0
        event.listen(self._threaded.pool, "checkout", self._check)
        self._scanners = LongWorkThreads(SCANNERS, "scan", others)
        self._writers = LongWorkThreads(_LONG_WRITERS, "long-writer", others)

    def migrate(self, connection: Connection) -> None:
        """Run pending migrations, one process at a time."""
        for statement in (*NO_LIMITS, _MIGRATION_LOCK):
            connection.exec_driver_sql(statement)
        upgrade(connection)

    async def read(self, work: Callable[[Connection], T], *, brief: bool = False) -> T:  # noqa: ARG002 - for SQLite
        """Run a read-only transaction."""

        def transact(connection: Connection) -> T:
            with connection.begin():
                return self._run(connection, work)

        while True:
            async with self._reading.take() as held:
                try:
                    return await held.connection.run_sync(transact)
                except DBAPIError:
                    if not held.is_lost or held.is_new:
                        raise
                    # The server may have restarted. A new connection tells whether it is there.

    async def look_up(self, lookup: Lookup[T]) -> T:
        """Execute a statement that reads a few rows by their keys."""
        if self._needs_transactions:
            return await self.read(lookup.on)
        return await self._look_up(self._looking, lookup)

    @property
    def can_query(self) -> bool:
        """Whether a statement needs no transaction."""
        return not self._needs_transactions

    async def query(self, lookup: Lookup[T]) -> T:
        """Execute a statement that may take long. Raises ScanTimeoutError if the server cancels it."""
        try:
            return await self._look_up(self._searching, lookup)
        except PoolTimeoutError as error:
            raise ScanTimeoutError from error
        except DBAPIError as error:
            if code_of(error) == _CANCELED:
                raise ScanTimeoutError from error
            raise

    async def _look_up(self, connections: HeldConnections, lookup: Lookup[T]) -> T:
        text, parameters, read = lookup.statement.with_driver(connections.engine.dialect, lookup.values)
        while True:
            async with connections.take() as held:
                try:
                    await self._execute(held, text, parameters)
                    rows = await held.cursor.fetchall()
                except DBAPIError as error:
                    if not error.connection_invalidated or held.is_new:
                        raise
                    # The server may have restarted. A new connection tells whether it is there.
                    continue
            return lookup.read([read(row) for row in rows])

    async def change(self, change: Change) -> None:
        """Run a short transaction."""
        if self._needs_transactions:
            await self.write(change.on)
            return
        text, parameters, _ = change.statement.with_driver(self._changing.engine.dialect, change.values)
        async with self._changing.take() as held:
            is_fresh = held.used_at is None or time.monotonic() - held.used_at < _FRESH_SECONDS
            if is_fresh and not held.has_input:
                try:
                    await self._execute(held, text, parameters)
                except DBAPIError as error:
                    code = code_of(error)
                    if code == _READ_ONLY:
                        await held.connection.invalidate()
                    if code in _STALE or (code == _READ_ONLY and not held.is_new):
                        raise StaleError from error
                    raise
                return
        # Nobody could tell of a connection that has broken meanwhile whether the statement was executed.
        await self.write(change.on)

    @property
    def _needs_transactions(self) -> bool:
        # Limits hold in transactions only, and who listens hears only what SQLAlchemy executes.
        return self._limits is not None or is_observed(self._writing.engine.sync_engine)

    async def _execute(self, held: Held, text: str, parameters: Any) -> None:
        try:
            # The driver's types want a literal, or bytes.
            await held.cursor.execute(text.encode(), parameters)
        except psycopg.Error as error:
            raise translated(error, text, self._looking.engine.dialect, psycopg.Error, lost=held.is_lost) from error

    async def scan(self, work: Callable[[Connection, Check], T], seconds: float) -> T:
        """Run a read-only transaction that may take long."""

        def run(scan: LongWork) -> T:
            while True:
                with self._connect() as pooled:
                    connection = pooled.execution_options(isolation_level="REPEATABLE READ")
                    is_new = is_new_in_pool(connection)
                    try:
                        with scan.interrupted_by(cancel_of(connection)), connection.begin():
                            return self._run(connection, lambda connection: self._scan(connection, work, scan))
                    except DBAPIError as error:
                        if not error.connection_invalidated or is_new:
                            raise
                # The server may have restarted. SQLAlchemy has dropped the other connections as well.
                scan.check()

        return await self._in_thread(self._scanners.run(run, seconds))

    async def _in_thread(self, running: Awaitable[T]) -> T:
        try:
            return await running
        except (StaleError, asyncio.CancelledError) as error:
            # The server does not react, or the connection was lost or is one to a standby.
            if is_overdue() or isinstance(error, StaleError):
                await self._drop_free()
            raise

    def _scan(self, connection: Connection, work: Callable[[Connection, Check], T], scan: LongWork) -> T:
        # PostgreSQL takes 0 for no limit, and 32 bits.
        milliseconds = min(max(1, math.ceil(scan.seconds_left * 1000)), _LONGEST_STATEMENT)
        # Not by SQLAlchemy's option: later transactions of the connection would demand to write, even on a standby.
        connection.exec_driver_sql(f"SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = {milliseconds}")
        return work(connection, scan.check)

    async def write(self, work: Callable[[Connection], T], *, long: bool = False) -> T:
        """Run a transaction, in a thread if it is long. Raises StaleError if it should run again."""
        try:
            if not long:
                return await self._write(work)
            return await self._in_thread(self._writers.run(lambda write: self._write_long(work, write)))
        except DBAPIError as error:
            if code_of(error) in _STALE:
                raise StaleError from error
            raise

    async def _write(self, work: Callable[[Connection], T]) -> T:
        has_worked = False

        def transact(connection: Connection) -> T:
            nonlocal has_worked
            with connection.begin():
                result = self._run(connection, work)
                has_worked = True
                return result

        async with self._writing.take() as held:
            try:
                return await held.connection.run_sync(transact)
            except DBAPIError as error:
                if code_of(error) == _READ_ONLY:
                    await held.connection.invalidate()
                if held.is_lost and not held.is_new and not has_worked:
                    # The server may have restarted since the connection was used. Nothing was committed.
                    raise StaleError from error
                raise

    def _write_long(self, work: Callable[[Connection], T], write: LongWork) -> T:
        has_worked = False
        with self._connect() as connection, write.interrupted_by(cancel_of(connection)):
            is_new = is_new_in_pool(connection)
            try:
                with connection.begin():
                    result = self._run(connection, work)
                    # A caller that has left was told that nothing is stored.
                    write.check()
                    has_worked = True
            except DBAPIError as error:
                if code_of(error) == _READ_ONLY:
                    connection.invalidate()
                if connection.invalidated and not is_new and not has_worked:
                    raise StaleError from error
                raise
            return result

    def load(self) -> Load:
        """How busy the pools are, and how many transactions wait for a connection that writes."""
        pools = {
            "write": self._writing.load,
            "look-up": self._looking.load,
            "change": self._changing.load,
            "read": self._reading.load,
            "search": self._searching.load,
            "long": pool_load(self._threaded),
        }
        return Load(self._writing.waiting, pools)

    async def close(self) -> None:
        """Close all connections."""

        def close() -> None:
            self._scanners.close()
            self._writers.finish()
            self._threaded.dispose()

        await asyncio.to_thread(close)
        for connections in self._held:
            await connections.close()

    async def _drop_free(self) -> None:
        """Close all connections that are not in use, because one was lost."""
        for connections in self._held:
            await connections.drop_free()
        self._losses += 1

    def _connect(self) -> Connection:
        """A connection for a thread."""
        try:
            return self._threaded.connect()
        except DBAPIError as error:
            raise NoConnectionError from error

    def _check(self, _: object, record: ConnectionPoolEntry, __: object) -> None:
        if record.info.setdefault(_LOSSES, self._losses) != self._losses:
            # Makes the pool replace it.
            raise DisconnectionError

    @property
    def _held(self) -> tuple[HeldConnections, ...]:
        return (self._looking, self._changing, self._writing, self._reading, self._searching)

    def _run(self, connection: Connection, work: Callable[[Connection], T]) -> T:
        if self._limits is not None:
            connection.exec_driver_sql(self._limits)
        return work(connection)
