"""Connections to PostgreSQL that stay open, and are used one transaction after the other.

SQLAlchemy's pool resets a connection between transactions and looks whether it still works. Both takes longer than a
row by its key. A connection that broke meanwhile shows it at its first statement. Others have probably broken with it,
as after a failover, so those that are not in use are closed. Otherwise each of them would cost a request.
"""

from __future__ import annotations

import asyncio
import select
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import psycopg
from attrs import frozen
from psycopg.pq import TransactionStatus
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from meshydb_server.storage.engine.errors import NoConnectionError
from meshydb_server.storage.engine.load import PoolLoad


@frozen
class Held:
    """A connection, and that of the driver."""

    connection: AsyncConnection
    driver: psycopg.AsyncConnection[Any]
    cursor: psycopg.AsyncCursor[Any]
    used_at: float | None = None
    """When it was last used, by the monotonic clock; None for a new one."""

    @property
    def is_new(self) -> bool:
        """Whether this is its first use."""
        return self.used_at is None

    @property
    def is_lost(self) -> bool:
        """Whether it is closed, as far as the driver knows."""
        return self.driver.closed

    @property
    def has_input(self) -> bool:
        """Whether the server has sent something unasked: mostly that it has closed the connection."""
        descriptor = self.driver.fileno()
        if not hasattr(select, "poll"):
            # On Windows. Elsewhere, `select` fails for a process with many connections.
            return bool(select.select([descriptor], [], [], 0)[0])
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))


class HeldConnections:
    """Some connections of an engine."""

    def __init__(self, engine: AsyncEngine, most: int, wait: float, when_lost: Callable[[], Awaitable[None]]) -> None:
        """Take the engine, the number of connections, the seconds to wait for one, and what to do if one was lost."""
        self.engine = engine
        self._most = most
        self._in_use = 0
        self.waiting = 0
        """How many wait for a connection."""
        self._wait = wait
        self._when_lost = when_lost
        self._slots = asyncio.Semaphore(most)
        self._free: list[Held] = []

    @asynccontextmanager
    async def take(self) -> AsyncGenerator[Held]:
        """A connection for the block, which leaves no transaction open.

        Raises NoConnectionError, or TimeoutError of SQLAlchemy's pool.
        """
        await self._enter()
        self._in_use += 1
        try:
            held = self._free.pop() if self._free else await self._connect()
            try:
                yield held
            finally:
                if held.is_lost:
                    await _drop(held)
                    await self._when_lost()
                elif held.driver.info.transaction_status != TransactionStatus.IDLE:
                    await _drop(held)
                else:
                    self._free.append(Held(held.connection, held.driver, held.cursor, time.monotonic()))
        finally:
            self._in_use -= 1
            self._slots.release()

    async def drop_free(self) -> None:
        """Close the connections that are not in use, without a word to the server. The next ones are new."""
        while self._free:
            await _drop(self._free.pop())

    @property
    def load(self) -> PoolLoad:
        """How many of the connections are in use."""
        return PoolLoad(self._in_use, self._most)

    async def close(self) -> None:
        """Close the connections that are not in use, and the engine."""
        while self._free:
            await self._free.pop().connection.close()
        await self.engine.dispose()

    async def _enter(self) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        self.waiting += 1
        try:
            async with asyncio.timeout(self._wait):
                await self._slots.acquire()
        except TimeoutError as error:
            raise PoolTimeoutError("All connections are in use.") from error
        finally:
            self.waiting -= 1

    async def _connect(self) -> Held:
        try:
            connection = await self.engine.connect()
        except DBAPIError as error:
            raise NoConnectionError from error
        raw = await connection.get_raw_connection()
        driver = cast("psycopg.AsyncConnection[Any]", raw.driver_connection)
        return Held(connection, driver, driver.cursor())


async def _drop(held: Held) -> None:
    # Neither waits for the server, so nobody who leaves can leave a connection behind.
    await held.connection.invalidate()
    await held.connection.close()
