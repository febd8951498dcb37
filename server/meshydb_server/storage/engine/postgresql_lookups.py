"""Look-ups on PostgreSQL, each a statement of its own, on connections that do nothing else.

SQLAlchemy takes several times as long as PostgreSQL for a row by its key: for the connection from its pool, the
transaction, and a change of stacks for each message. Here it only makes the connections, and the driver uses them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final, TypeVar, cast

import psycopg
from attrs import frozen
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from meshydb_server.storage.engine.prepared import Lookup, translated

T = TypeVar("T")

MOST_CONNECTIONS: Final = 4


class LookupConnections:
    """Up to four connections, which stay open."""

    def __init__(self, engine: AsyncEngine, wait: float) -> None:
        """Take an engine in autocommit, and the seconds that a look-up may wait for others."""
        self._engine = engine
        self._wait = wait
        self._slots = asyncio.Semaphore(MOST_CONNECTIONS)
        self._free: list[_Held] = []

    async def run(self, lookup: Lookup[T]) -> T:
        """Execute a statement. Raises DBAPIError as SQLAlchemy does, and TimeoutError of its pool."""
        text, parameters, read = lookup.statement.with_driver(self._engine.dialect, lookup.values)
        await self._enter()
        try:
            rows = await self._execute(text, parameters)
        finally:
            self._slots.release()
        return lookup.read([read(row) for row in rows])

    async def close(self) -> None:
        """Close the connections that are not in use."""
        while self._free:
            await self._free.pop().connection.close()

    async def _enter(self) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(self._wait):
                await self._slots.acquire()
        except TimeoutError as error:
            raise PoolTimeoutError("All connections for look-ups are in use.") from error

    async def _execute(self, text: str, parameters: Any) -> Sequence[Sequence[Any]]:
        while True:
            reused = bool(self._free)
            held = self._free.pop() if reused else await _connect(self._engine)
            try:
                await held.cursor.execute(text, parameters)
                return await held.cursor.fetchall()
            except psycopg.Error as error:
                lost = held.driver.closed
                # The server may have restarted since the connection was used. A new one tells whether it is there.
                if not lost or not reused:
                    raise translated(error, text, self._engine.dialect, psycopg.Error, lost=lost) from error
            finally:
                if held.driver.closed:
                    await held.connection.invalidate()
                    await held.connection.close()
                else:
                    self._free.append(held)


@frozen
class _Held:
    """A connection in use, and that of the driver."""

    connection: AsyncConnection
    driver: psycopg.AsyncConnection[Any]
    cursor: psycopg.AsyncCursor[Any]


async def _connect(engine: AsyncEngine) -> _Held:
    connection = await engine.connect()
    raw = await connection.get_raw_connection()
    driver = cast("psycopg.AsyncConnection[Any]", raw.driver_connection)
    return _Held(connection, driver, driver.cursor())
