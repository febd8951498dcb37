"""Health: whether a write to the database succeeds."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from attrs import define, field

from meshydb_server.services.common.dependencies import Clock
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import StorageError
from meshydb_server.storage.health import beat

# Health responds within 2 seconds, even if storage hangs.
_TIMEOUT_SECONDS: Final = 1.5
_KEPT: Final = timedelta(seconds=1)


@define(eq=False)
class Health:
    """Tries to write at most once a second, for all callers together."""

    database: Database
    clock: Clock
    # The running or last write, and when it started.
    _task: asyncio.Task[None] | None = field(default=None, init=False)
    _started_at: datetime | None = field(default=None, init=False)

    async def check(self) -> None:
        """Raise StorageError unless a write has just succeeded. Returns or raises within 2 seconds."""
        current = self._current_task()
        done, _ = await asyncio.wait({current}, timeout=_TIMEOUT_SECONDS)
        if not done:
            raise StorageError(f"The database has not completed a write for {_TIMEOUT_SECONDS} seconds.")
        if current.cancelled():
            raise StorageError("The server is stopping.")
        if error := current.exception():
            raise error

    async def close(self) -> None:
        """Cancel the running write."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _current_task(self) -> asyncio.Task[None]:
        now = self.clock()
        # Absolute, because clocks are sometimes set back.
        if self._task is None or (
            self._task.done() and self._started_at is not None and abs(now - self._started_at) >= _KEPT
        ):
            self._task = asyncio.create_task(self._write(now))
            self._started_at = now
        return self._task

    async def _write(self, now: datetime) -> None:
        await self.database.write(partial(beat, now=now))
