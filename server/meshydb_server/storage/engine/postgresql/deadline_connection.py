"""Connections to PostgreSQL, which are dropped at the deadline of a transaction."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final, Self, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from psycopg.waiting import wait_async

from meshydb_server.storage.engine.deadlines import is_overdue

T = TypeVar("T")

# Seconds between psycopg's checks for an interrupt.
_INTERVAL_SECONDS: Final = 0.1
# Seconds for the server to cancel the statement of a caller that has left.
_CANCEL_SECONDS: Final = 1.0


class DeadlineConnection(psycopg.AsyncConnection[TupleRow]):
    """Waits for the server until the deadline of the transaction, and not longer.

    psycopg itself asks the server to cancel the statement and waits for the response. A stopped server gives none.
    """

    @classmethod
    async def connect(cls, *args: Any, **kwargs: Any) -> Self:
        """Connect, and disable prepared statements if a pooler stands in between.

        A pooler may run each transaction on another connection, which has other statements under the same names.
        """
        connection = await super().connect(*args, **kwargs)
        try:
            if connection.prepare_threshold is not None and await connection.is_pooled():
                connection.prepare_threshold = None
        except BaseException:
            connection.pgconn.finish()
            raise
        return connection

    async def is_pooled(self) -> bool:
        """Whether a pooler stands in between: it cannot know which process will serve the connection."""
        # So that the query starts no transaction.
        await self.set_autocommit(True)
        found = await (await self.execute("SELECT pg_backend_pid()", prepare=False)).fetchone()
        await self.set_autocommit(False)
        return found != (self.pgconn.backend_pid,)

    async def wait(
        self,
        gen: PQGen[T],
        interval: float = _INTERVAL_SECONDS,
        timeout: float | None = None,  # noqa: ASYNC109 - psycopg's own
    ) -> T:
        """Run a psycopg generator to its end."""
        # Not every supported version has a timeout.
        options = {} if timeout is None else {"timeout": timeout}
        try:
            return await wait_async(gen, self.pgconn.socket, interval=interval, **options)
        except asyncio.CancelledError:
            try:
                if not is_overdue() and self._is_active():
                    with suppress(psycopg.Error, TimeoutError):
                        async with asyncio.timeout(_CANCEL_SECONDS):
                            await self.cancel_safe()
                            await wait_async(gen, self.pgconn.socket, interval=interval)
            finally:
                if self._is_active():
                    # The server rolls back when it notices the lost connection.
                    self.pgconn.finish()
            raise

    def _is_active(self) -> bool:
        return self.pgconn.transaction_status == TransactionStatus.ACTIVE
