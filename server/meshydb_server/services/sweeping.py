"""Deletes expired rows, so that the database does not grow without end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.common.dependencies import Clock
from meshydb_server.services.common.limits.table import KNOWN_FOR
from meshydb_server.services.recovery import GUESS_WINDOW
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import StorageError
from meshydb_server.storage.sweeping import (
    sweep_counters,
    sweep_decoys,
    sweep_events,
    sweep_known_addresses,
    sweep_messages,
    sweep_recoveries,
    sweep_sessions,
)

_Delete = Callable[[Connection, datetime, int], int]

_BATCH: Final = 500
_FIRST_PAUSE_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 600.0

# How long expired rows of each kind are kept.
_KEPT: Final[tuple[tuple[_Delete, timedelta], ...]] = (
    (sweep_recoveries, GUESS_WINDOW),
    (sweep_sessions, timedelta()),
    (sweep_messages, timedelta(days=7)),
    # Never listed, whatever their status.
    (sweep_decoys, timedelta()),
    (sweep_counters, timedelta()),
    (sweep_known_addresses, KNOWN_FOR),
)

_log = logging.getLogger(__name__)


@frozen
class Sweeper:
    """Deletes expired rows. Several sweepers may share a database."""

    database: Database
    clock: Clock
    audit_retention: timedelta

    async def run(self) -> None:
        """Sweep periodically until cancelled, but not at once: many clients may have waited for the start."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            await asyncio.sleep(pause)
            pause = _PAUSE_SECONDS
            try:
                await self.sweep()
            except StorageError:
                _log.exception("Deleting expired rows failed; retrying later.")

    async def sweep(self) -> int:
        """Delete all expired rows, and return their number."""
        return sum([await self._sweep(delete, self.clock() - kept) for delete, kept in self._kept])

    @property
    def _kept(self) -> tuple[tuple[_Delete, timedelta], ...]:
        return (*_KEPT, (sweep_events, self.audit_retention))

    async def _sweep(self, delete: _Delete, before: datetime) -> int:
        total = 0
        while True:
            count = await self.database.write(lambda connection: delete(connection, before, _BATCH))
            total += count
            if count < _BATCH:
                return total
