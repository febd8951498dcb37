"""Health: whether a write to the database succeeds."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from attrs import define, field

from meshydb_server.services.common.sources import Sources
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import StorageError
from meshydb_server.storage.health import beat

# Health responds within 2 seconds, even if storage hangs.
_PATIENCE_SECONDS: Final = 1.5
_KEPT: Final = timedelta(seconds=1)


@define(eq=False)
class Health:
    """Tries to write at most once a second, for all callers together."""

    database: Database
    sources: Sources
    # The running or last write, and when it started.
    _try: asyncio.Task[None] | None = field(default=None, init=False)
    _begun: datetime | None = field(default=None, init=False)

    async def check(self) -> None:
        """Raise StorageError unless a write has just succeeded. Returns or raises within 2 seconds."""
        current = self._current()
        done, _ = await asyncio.wait({current}, timeout=_PATIENCE_SECONDS)
        if not done:
            raise StorageError(f"The database has not completed a write for {_PATIENCE_SECONDS} seconds.")
        if current.cancelled():
            raise StorageError("The server is stopping.")
        if error := current.exception():
            raise error

    async def close(self) -> None:
        """Cancel the running write."""
        if self._try is not None:
            self._try.cancel()
            await asyncio.gather(self._try, return_exceptions=True)

    def _current(self) -> asyncio.Task[None]:
        now = self.sources.now()
        # Absolute, because clocks are sometimes set back.
        if self._try is None or (self._try.done() and self._begun is not None and abs(now - self._begun) >= _KEPT):
            self._try = asyncio.create_task(self._write(now))
            self._begun = now
        return self._try

    async def _write(self, now: datetime) -> None:
        await self.database.write(partial(beat, now=now))
