"""Transactions on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from meshydb_server.storage.errors import StaleError
from meshydb_server.storage.migrate import upgrade

T = TypeVar("T")

_CONNECTIONS: Final = 10
# Seconds to wait for one of them, or for the server.
_PATIENCE: Final = 10

# serialization_failure and deadlock_detected: nothing is wrong with the transaction but its moment.
_STALE: Final = {"40001", "40P01"}

# Any number will do that nothing else in the database uses.
_MIGRATION_LOCK: Final = "SELECT pg_advisory_xact_lock(7094655810254)"


class PostgresqlEngine:
    """Transactions on connections of their own, at most as many at a time as there are connections."""

    def __init__(self, url: URL) -> None:
        self.file = None
        self._writing = create_async_engine(
            url.set(drivername="postgresql+psycopg").update_query_dict(
                {"connect_timeout": str(_PATIENCE), **url.query}
            ),
            # They hold what no log should.
            hide_parameters=True,
            pool_size=_CONNECTIONS,
            max_overflow=0,
            pool_timeout=_PATIENCE,
            # Connections do not outlive a restart of the server, and this notices.
            pool_pre_ping=True,
        )
        self._reading = self._writing.execution_options(postgresql_readonly=True)

    def migrate(self, connection: Connection) -> None:
        """Bring the tables to the newest version, one process after another."""
        connection.exec_driver_sql(_MIGRATION_LOCK)
        upgrade(connection)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a transaction that only reads."""
        async with self._reading.begin() as connection:
            return await connection.run_sync(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run a transaction; raises StaleError when it would succeed at another moment."""
        try:
            async with self._writing.begin() as connection:
                return await connection.run_sync(work)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) in _STALE:
                raise StaleError from error
            raise

    async def close(self) -> None:
        """Close all connections."""
        await self._writing.dispose()
