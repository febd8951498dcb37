"""Transactions on PostgreSQL."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from meshydb_server.storage.engine.codes import code_of
from meshydb_server.storage.engine.errors import StaleError
from meshydb_server.storage.engine.load import Load, pool_load
from meshydb_server.storage.engine.long_work import SCANNERS, Check, LongWork, LongWorkThreads, Others
from meshydb_server.storage.engine.migrate import upgrade
from meshydb_server.storage.engine.postgresql.deadline_connection import DeadlineConnection
from meshydb_server.storage.engine.postgresql.held_connections import Held, HeldConnections
from meshydb_server.storage.engine.prepared import Change, Lookup, is_observed, translated

T = TypeVar("T")

# Connections.
_WRITERS: Final = 8
_READERS: Final = 4
_LOOKERS: Final = 4
# A connection that was used so recently is assumed to work.
_FRESH_SECONDS: Final = 1.0
_LONG_WRITERS: Final = 2

# Fractions of the transaction's time. The server times out first, which keeps the connection.
_LOCK_PART: Final = 0.5
_CONNECT_PART: Final = 0.5
_STATEMENT_PART: Final = 0.8
_POOL_PART: Final = 0.5
# The minimum that libpq and psycopg accept.
_SHORTEST_CONNECT_SECONDS: Final = 2

# serialization_failure and deadlock_detected: the transaction succeeds if it runs again.
_STALE: Final = {"40001", "40P01"}

# Milliseconds.
_LONGEST_STATEMENT: Final = 2_147_483_647

# Any number works that nothing else in the database uses.
_MIGRATION_LOCK: Final = "SELECT pg_advisory_xact_lock(7094655810254)"
# Migrations have no time limit, and wait for those of other processes.
_NO_LIMITS: Final = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL lock_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
)


class PostgresqlEngine:
    """Runs each transaction on its own connection, as many at a time as there are connections."""

    # A transaction gets no time in addition to its own.
    lock_wait = 0.0

    def __init__(self, url: URL, others: Others, timeout: float, *, prepared_statements: bool = True) -> None:
        self.file = None
        limits = _limits(timeout)
        # A pooler's connections keep no settings, so each transaction sets its limits.
        self._limits = None if prepared_statements else _set_local(limits)
        query = _options(url, timeout, limits if prepared_statements else {})
        connect_args: dict[str, Any] = {"async_creator_fn": DeadlineConnection.connect}
        if not prepared_statements:
            connect_args["prepare_threshold"] = None
        wait = timeout * _POOL_PART

        def engine(connections: int, **options: Any) -> AsyncEngine:
            return create_async_engine(
                url.set(drivername="postgresql+psycopg", query=query),
                # Parameters hold secrets that must not be logged.
                hide_parameters=True,
                pool_size=connections,
                max_overflow=0,
                pool_timeout=wait,
                connect_args=connect_args,
                **options,
            )

        self._writing = HeldConnections(engine(_WRITERS), _WRITERS, wait)
        self._looking = HeldConnections(engine(_LOOKERS, isolation_level="AUTOCOMMIT"), _LOOKERS, wait)
        # Connections break when the server restarts; this detects it.
        self._reading = engine(_READERS, pool_pre_ping=True).execution_options(postgresql_readonly=True)
        # What takes long runs in threads: the event loop would wait for all that is computed between statements.
        self._threaded = create_engine(
            url.set(drivername="postgresql+psycopg", query=query),
            hide_parameters=True,
            pool_size=SCANNERS + _LONG_WRITERS,
            max_overflow=0,
            pool_timeout=timeout * _POOL_PART,
            # Its statements differ from each other, and a pooler may stand in between.
            connect_args={"prepare_threshold": None},
        )
        self._scanners = LongWorkThreads(SCANNERS, "scan", others)
        self._writers = LongWorkThreads(_LONG_WRITERS, "long-writer", others)

    def migrate(self, connection: Connection) -> None:
        """Run pending migrations, one process at a time."""
        for statement in (*_NO_LIMITS, _MIGRATION_LOCK):
            connection.exec_driver_sql(statement)
        upgrade(connection)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a read-only transaction."""
        async with self._reading.begin() as connection:
            return await connection.run_sync(self._run, work)

    async def look_up(self, lookup: Lookup[T]) -> T:
        """Execute a statement that reads a few rows by their keys."""
        if self._limits is not None or is_observed(self._writing.engine.sync_engine):
            # Limits hold in transactions only, and who listens hears only what SQLAlchemy executes.
            return await self.read(lookup.on)
        text, parameters, read = lookup.statement.with_driver(self._looking.engine.dialect, lookup.values)
        while True:
            async with self._looking.take() as held:
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
        if self._limits is not None or is_observed(self._writing.engine.sync_engine):
            await self.write(change.on)
            return
        text, parameters, _ = change.statement.with_driver(self._looking.engine.dialect, change.values)
        async with self._looking.take() as held:
            if held.used_at is None or time.monotonic() - held.used_at < _FRESH_SECONDS:
                await self._execute(held, text, parameters)
                return
        # Nobody could tell of a connection that has broken meanwhile whether the statement was executed.
        await self.write(change.on)

    async def _execute(self, held: Held, text: str, parameters: Any) -> None:
        try:
            # The driver's types want a literal, or bytes.
            await held.cursor.execute(text.encode(), parameters)
        except psycopg.Error as error:
            raise translated(error, text, self._looking.engine.dialect, psycopg.Error, lost=held.is_lost) from error

    async def scan(self, work: Callable[[Connection, Check], T], seconds: float) -> T:
        """Run a read-only transaction that may take long."""

        def run(scan: LongWork) -> T:
            with self._threaded.connect() as pooled:
                connection = pooled.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
                with scan.interrupted_by(_cancel_of(connection)), connection.begin():
                    return self._run(connection, lambda connection: self._scan(connection, work, scan))

        return await self._scanners.run(run, seconds)

    def _scan(self, connection: Connection, work: Callable[[Connection, Check], T], scan: LongWork) -> T:
        # PostgreSQL takes 0 for no limit, and 32 bits.
        milliseconds = min(max(1, math.ceil(scan.seconds_left * 1000)), _LONGEST_STATEMENT)
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")
        return work(connection, scan.check)

    async def write(self, work: Callable[[Connection], T], *, long: bool = False) -> T:
        """Run a transaction, in a thread if it is long. Raises StaleError if it should run again."""
        try:
            if long:
                return await self._writers.run(lambda write: self._write_long(work, write))
            return await self._write(work)
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
                if held.is_lost and not held.is_new and not has_worked:
                    # The server may have restarted since the connection was used. Nothing was committed.
                    raise StaleError from error
                raise

    def _write_long(self, work: Callable[[Connection], T], write: LongWork) -> T:
        with self._threaded.connect() as connection, write.interrupted_by(_cancel_of(connection)):
            with connection.begin():
                result = self._run(connection, work)
                # A caller that has left was told that nothing is stored.
                write.check()
            return result

    def load(self) -> Load:
        """How busy the pools are, and how many transactions wait for a connection that writes."""
        pools = {
            "write": self._writing.load,
            "look-up": self._looking.load,
            "read": pool_load(self._reading.sync_engine),
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
        for connections in (self._looking, self._writing):
            await connections.close()
        await self._reading.dispose()

    def _run(self, connection: Connection, work: Callable[[Connection], T]) -> T:
        if self._limits is not None:
            connection.exec_driver_sql(self._limits)
        return work(connection)


def _cancel_of(connection: Connection) -> Callable[[], None]:
    """The function that cancels the running statement, for another thread."""
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection).cancel_safe


def _limits(timeout: float) -> dict[str, int]:
    """The time limits that PostgreSQL itself enforces, in milliseconds."""
    parts = {
        "statement_timeout": _STATEMENT_PART,
        "lock_timeout": _LOCK_PART,
        "idle_in_transaction_session_timeout": 1.0,
    }
    return {name: max(1, round(timeout * 1000 * part)) for name, part in parts.items()}


def _set_local(limits: dict[str, int]) -> str:
    """One statement, for one round trip, that sets the limits for the rest of a transaction."""
    values = (f"set_config('{name}', '{value}', true)" for name, value in limits.items())
    return f"SELECT {', '.join(values)}"


def _options(url: URL, timeout: float, limits: dict[str, int]) -> dict[str, Any]:
    """The query of the URL, with defaults for the limits that it does not set."""
    ours = " ".join(f"-c {name}={value}" for name, value in limits.items())
    given = url.query.get("options", "")
    # PostgreSQL takes the last of several settings with the same name.
    options = " ".join((ours, *((given,) if isinstance(given, str) else given))).strip()
    return {
        "connect_timeout": str(max(_SHORTEST_CONNECT_SECONDS, round(timeout * _CONNECT_PART))),
        "keepalives": "1",
        "keepalives_idle": str(max(1, round(timeout))),
        "keepalives_interval": str(max(1, round(timeout))),
        "keepalives_count": "3",
        "tcp_user_timeout": str(max(1, round(timeout * 1000))),
        **url.query,
        **({"options": options} if options else {}),
    }
