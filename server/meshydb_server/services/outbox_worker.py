"""Sends what waits in the outbox.

A message is never lost: it waits in the database until a try has a known good end, or its code has lapsed, which is
logged. It is never doubled silently: a try is noted before it begins, so when a server dies in the middle of one, the
next try is logged as a possible double and carries the same Message-ID.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Final

from attrs import frozen

from meshydb_server.services.outbox import DeliveryError, Outbox, RefusedForGoodError, identify
from meshydb_server.storage.outbox import Message, claim, close, find_due, postpone

_BATCH: Final = 10
# A try is cut off well before the claim on its message lapses.
_TRY: Final = timedelta(seconds=60)
_CLAIM: Final = timedelta(seconds=120)
_FIRST_RETRY: Final = timedelta(seconds=5)
_LAST_RETRY: Final = timedelta(minutes=10)
# Other processes put messages too, and they cannot wake this one.
_POLL_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)


@frozen
class OutboxWorker:
    """Sends an outbox's messages through its deliveries. Any number of workers may share a database."""

    outbox: Outbox

    async def run(self, stopping: asyncio.Event) -> None:
        """Send what is due, and wait for more, until `stopping` is set and the tries under way have ended."""
        while not stopping.is_set():
            self.outbox.woken.clear()
            try:
                idle = await self.deliver_due() < _BATCH
            except Exception:  # noqa: BLE001 - whatever it is, no message is lost by trying again
                _log.exception("The outbox was not worked off; trying again.")
                idle = True
            if idle and not stopping.is_set():
                await self._wait()

    async def deliver_due(self) -> int:
        """Try each message that is due once; returns how many there were."""
        now = self.outbox.sources.now()
        channels = self.outbox.deliveries.keys()
        due = await self.outbox.database.read(lambda connection: find_due(connection, channels, now, _BATCH))
        await asyncio.gather(*(self._deliver(message) for message in due))
        return len(due)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_POLL_SECONDS):
                await self.outbox.woken.wait()
        except TimeoutError:
            pass

    async def _deliver(self, message: Message) -> None:
        now = self.outbox.sources.now()
        if message.expires_at <= now:
            await self._give_up(message, message.last_error or "The code has lapsed.")
            return
        if not await self.outbox.database.write(lambda connection: claim(connection, message, until=now + _CLAIM)):
            return
        if message.attempts and message.last_error is None:
            _log.warning("A message may be sent twice: the end of its last try is unknown.", extra=identify(message))
        try:
            letter = self.outbox.letter(message)
            async with asyncio.timeout(_TRY.total_seconds()):
                await self.outbox.deliveries[message.channel].send(letter)
        except RefusedForGoodError as error:
            await self._give_up(message, str(error))
        except (DeliveryError, TimeoutError) as error:
            await self._retry_later(message, str(error) or "The try took too long.")
        except Exception as error:  # noqa: BLE001 - a message must not be lost to a fault of ours
            _log.exception("A message was not sent, and nobody knows why.", extra=identify(message))
            await self._retry_later(message, type(error).__name__)
        else:
            await self.outbox.database.write(lambda connection: close(connection, message, "sent", error=None))

    async def _give_up(self, message: Message, reason: str) -> None:
        _log.error("A message is given up: %s", reason, extra=identify(message))
        await self.outbox.database.write(lambda connection: close(connection, message, "failed", error=reason))

    async def _retry_later(self, message: Message, reason: str) -> None:
        delay = min(_FIRST_RETRY * 2**message.attempts, _LAST_RETRY)
        _log.warning("A message was not sent, trying again in %s: %s", delay, reason, extra=identify(message))
        due_at = self.outbox.sources.now() + delay
        await self.outbox.database.write(lambda connection: postpone(connection, message, due_at, reason))
