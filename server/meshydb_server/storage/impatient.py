"""A connection of psycopg that is dropped at once when its server does not answer in time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final, Self, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from psycopg.waiting import wait_async

from meshydb_server.storage.deadlines import is_overdue

T = TypeVar("T")

# How often psycopg looks whether it was interrupted.
_INTERVAL_SECONDS: Final = 0.1
# How long the server may take to cancel the statement of a caller that has left.
_CANCEL_SECONDS: Final = 1.0


class ImpatientConnection(psycopg.AsyncConnection[TupleRow]):
    """Waits for the server until the deadline of the transaction, and for nothing beyond it.

    psycopg itself asks the server to cancel the statement, and waits for the answer: one that is stopped gives none.
    """

    @classmethod
    async def connect(cls, *args: Any, **kwargs: Any) -> Self:
        """Connect, and do without prepared statements where the server is not the one at the other end.

        A pooler may have each transaction run on another connection, with statements of others under the same names.
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
        """Whether something that answers for the server stands between: it cannot know which process will serve."""
        # So that nothing is begun for it.
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
        """Run a generator of psycopg to its end."""
        # Not every version that will do knows a timeout.
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
                    # The server rolls back once it sees that nobody is there.
                    self.pgconn.finish()
            raise

    def _is_active(self) -> bool:
        return self.pgconn.transaction_status == TransactionStatus.ACTIVE
