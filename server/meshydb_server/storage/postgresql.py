"""Transactions on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from meshydb_server.storage.errors import StaleError
from meshydb_server.storage.impatient import ImpatientConnection
from meshydb_server.storage.migrate import upgrade

T = TypeVar("T")

_CONNECTIONS: Final = 10

# Parts of the time that a transaction has. The server gives up first, which keeps the connection.
_LOCK_PART: Final = 0.5
_CONNECT_PART: Final = 0.5
_STATEMENT_PART: Final = 0.8
_POOL_PART: Final = 0.5
# libpq and psycopg take no less.
_SHORTEST_CONNECT_SECONDS: Final = 2

# serialization_failure and deadlock_detected: nothing is wrong with the transaction but its moment.
_STALE: Final = {"40001", "40P01"}

# Any number will do that nothing else in the database uses.
_MIGRATION_LOCK: Final = "SELECT pg_advisory_xact_lock(7094655810254)"
# Migrations take as long as they take, and wait for those of other processes.
_NO_LIMITS: Final = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL lock_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
)


class PostgresqlEngine:
    """Transactions on connections of their own, at most as many at a time as there are connections."""

    # A transaction gets no time beyond what all have.
    patience = 0.0

    def __init__(self, url: URL, timeout: float, *, prepared_statements: bool = True) -> None:
        self.file = None
        limits = _limits(timeout)
        # Behind a pooler, connections have no settings of their own: each transaction brings its limits.
        self._limits = None if prepared_statements else _set_local(limits)
        query = _options(url, timeout, limits if prepared_statements else {})
        connect_args = {"async_creator_fn": ImpatientConnection.connect}
        self._writing = create_async_engine(
            url.set(drivername="postgresql+psycopg", query=query),
            # They hold what no log should.
            hide_parameters=True,
            pool_size=_CONNECTIONS,
            max_overflow=0,
            pool_timeout=timeout * _POOL_PART,
            # Connections do not outlive a restart of the server, and this notices.
            pool_pre_ping=True,
            connect_args=connect_args if prepared_statements else {**connect_args, "prepare_threshold": None},
        )
        self._reading = self._writing.execution_options(postgresql_readonly=True)

    def migrate(self, connection: Connection) -> None:
        """Bring the tables to the newest version, one process after another."""
        for statement in (*_NO_LIMITS, _MIGRATION_LOCK):
            connection.exec_driver_sql(statement)
        upgrade(connection)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a transaction that only reads."""
        async with self._reading.begin() as connection:
            return await connection.run_sync(self._run, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run a transaction; raises StaleError when it would succeed at another moment."""
        try:
            async with self._writing.begin() as connection:
                return await connection.run_sync(self._run, work)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) in _STALE:
                raise StaleError from error
            raise

    async def close(self) -> None:
        """Close all connections."""
        await self._writing.dispose()

    def _run(self, connection: Connection, work: Callable[[Connection], T]) -> T:
        if self._limits is not None:
            connection.exec_driver_sql(self._limits)
        return work(connection)


def _limits(timeout: float) -> dict[str, int]:
    """What PostgreSQL itself gives up after, in milliseconds."""
    parts = {
        "statement_timeout": _STATEMENT_PART,
        "lock_timeout": _LOCK_PART,
        "idle_in_transaction_session_timeout": 1.0,
    }
    return {name: max(1, round(timeout * 1000 * part)) for name, part in parts.items()}


def _set_local(limits: dict[str, int]) -> str:
    """One statement, for one round trip, which sets limits for the rest of a transaction."""
    values = (f"set_config('{name}', '{value}', true)" for name, value in limits.items())
    return f"SELECT {', '.join(values)}"


def _options(url: URL, timeout: float, limits: dict[str, int]) -> dict[str, Any]:
    """The query of the URL, with limits for whatever it sets none for."""
    ours = " ".join(f"-c {name}={value}" for name, value in limits.items())
    given = url.query.get("options", "")
    # PostgreSQL takes the last of several settings of one name.
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
