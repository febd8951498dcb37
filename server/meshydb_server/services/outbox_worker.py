"""Sends what waits in the outbox.

A message is never lost: it waits in the database until a try has a known good end, or its code has lapsed, which is
logged. It is never doubled silently: a try is noted before it begins, so when a server dies in the middle of one, the
next try is logged as a possible double and carries the same Message-ID.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from attrs import evolve, frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.outbox import DeliveryError, Outbox, RefusedForGoodError, identify, no_address
from meshydb_server.services.outbox_slots import Slots
from meshydb_server.storage.errors import StorageError
from meshydb_server.storage.outbox import DECOY, Message, Status, claim, close, find_due, postpone, release

# A try is cut off well before the claim on its message lapses.
_TRY: Final = timedelta(seconds=60)
_CLAIM: Final = timedelta(seconds=120)
_FIRST_RETRY: Final = timedelta(seconds=5)
_LAST_RETRY: Final = timedelta(minutes=10)
# Other processes put messages too, and they cannot wake this one.
_POLL_SECONDS: Final = 5.0
# When the server stops: for the tries under way to be cut off, and to give back the claims on their messages. Those
# that are not given back lapse.
_CUT_OFF_SECONDS: Final = 0.5
_RELEASE_SECONDS: Final = 2.0
_LAPSED: Final = "The code has lapsed."

_log = logging.getLogger(__name__)


@frozen
class OutboxWorker:
    """Sends an outbox's messages through its deliveries. Any number of workers may share a database."""

    outbox: Outbox

    async def run(self, stopping: asyncio.Event) -> None:
        """Send what is due, and wait for more, until `stopping` is set and the tries under way have ended.

        A worker that is cancelled cuts off its tries, and leaves their messages for the next one.
        """
        slots = Slots(self.outbox.slots)
        try:
            while not stopping.is_set():
                self.outbox.woken.clear()
                try:
                    await self._fill(slots)
                except Exception:  # noqa: BLE001 - whatever it is, no message is lost by trying again
                    _log.exception("The outbox was not worked off; trying again.")
                    slots.look_at_all()
                if not stopping.is_set():
                    await self._wait(slots)
            if tries := slots.under_way:
                await asyncio.wait(tries)
        finally:
            await self._abandon(slots)

    async def deliver_due(self) -> int:
        """Try each message that is due once; returns how many there were."""
        slots = Slots(self.outbox.slots)
        total = 0
        try:
            while count := await self._fill(slots):
                total += count
                await asyncio.gather(*slots.under_way)
        finally:
            for task in slots.under_way:
                task.cancel()
        return total

    async def _wait(self, slots: Slots) -> None:
        try:
            async with asyncio.timeout(_POLL_SECONDS):
                await self.outbox.woken.wait()
        except TimeoutError:
            slots.look_at_all()

    async def _fill(self, slots: Slots) -> int:
        """Begin to try what is due, as far as there are slots; returns how many messages that is about."""
        database, channels = self.outbox.database, self.outbox.deliveries.keys()
        count, more = 0, True
        while more and (search := slots.search(channels, self.outbox.sources.now())) is not None:
            due = await database.read(partial(find_due, search=search))
            chosen, more = slots.choose(search, due)
            count += len(chosen)
            for message in await self._claim(chosen):
                self._begin(message, slots)
        return count

    async def _claim(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Claim messages, and close those that are too late; returns those that no other worker was faster to claim."""
        if not messages:
            return []
        now = self.outbox.sources.now()
        until = now + _CLAIM
        lapsed = [message for message in messages if message.expires_at <= now]
        good = [message for message in messages if message.expires_at > now]

        def transaction(connection: Connection) -> Sequence[Message]:
            for message in lapsed:
                close(connection, message, "failed", error=message.last_error or _LAPSED)
            return [message for message in good if claim(connection, message, until)]

        claimed = await self.outbox.database.write(transaction)
        for message in lapsed:
            _log.error("A message is given up: %s", message.last_error or _LAPSED, extra=identify(message))
        return [evolve(message, due_at=until) for message in claimed]

    def _begin(self, message: Message, slots: Slots) -> None:
        def end(task: asyncio.Task[None]) -> None:
            if slots.vacate(task):
                self.outbox.wake()
            if not task.cancelled() and (error := task.exception()) is not None:
                _log.error("The end of a try was not noted.", exc_info=error, extra=identify(message))

        task = asyncio.create_task(self._try(message))
        slots.occupy(message, task)
        task.add_done_callback(end)

    async def _try(self, message: Message) -> None:
        """Try a message that is claimed, and note how that ends."""
        if message.attempts and message.last_error is None:
            _log.warning("A message may be sent twice: the end of its last try is unknown.", extra=identify(message))
        try:
            async with asyncio.timeout(_TRY.total_seconds()):
                failure = await self._deliver(message)
        except RefusedForGoodError as error:
            ending = self._give_up(message, str(error))
        except (DeliveryError, TimeoutError) as error:
            ending = self._retry_later(message, str(error) or "The try took too long.")
        except Exception as error:  # noqa: BLE001 - a message must not be lost to a fault of ours
            _log.exception("A message was not sent, and nobody knows why.", extra=identify(message))
            ending = self._retry_later(message, type(error).__name__)
        else:
            # Without a word in the log, which would take longer for a user without an address than for nobody.
            ending = self._close(message, failure)
        # A try that has ended is noted, even when the server stops.
        await asyncio.shield(ending)

    async def _deliver(self, message: Message) -> str | None:
        """Deliver a message, or rehearse that; returns why it fails although nobody refused it, if it does."""
        delivery = self.outbox.deliveries[message.channel]
        if message.recipient is not None:
            await delivery.send(self.outbox.letter(message))
            return None
        # Somebody may measure, by the requests that are served meanwhile, whether there was somebody to send it to.
        await delivery.rehearse(self.outbox.rehearsal(message))
        return None if message.delivery == DECOY else no_address(message.channel)

    async def _give_up(self, message: Message, reason: str) -> None:
        _log.error("A message is given up: %s", reason, extra=identify(message))
        await self._close(message, reason)

    async def _close(self, message: Message, failure: str | None) -> None:
        status: Status = "sent" if failure is None else "failed"
        await self.outbox.database.write(lambda connection: close(connection, message, status, error=failure))

    async def _retry_later(self, message: Message, reason: str) -> None:
        delay = min(_FIRST_RETRY * 2**message.attempts, _LAST_RETRY)
        _log.warning("A message was not sent, trying again in %s: %s", delay, reason, extra=identify(message))
        due_at = self.outbox.sources.now() + delay
        await self.outbox.database.write(lambda connection: postpone(connection, message, due_at, reason))

    async def _abandon(self, slots: Slots) -> None:
        """Cut off the tries under way, and let their messages be due for the next worker."""
        tries = slots.under_way
        if not tries:
            return
        for task in tries:
            task.cancel()
        now = self.outbox.sources.now()
        await asyncio.wait(tries, timeout=_CUT_OFF_SECONDS)
        try:
            async with asyncio.timeout(_RELEASE_SECONDS):
                await self.outbox.database.write(lambda connection: _release(connection, [*tries.values()], now))
        except (TimeoutError, StorageError):
            _log.warning("Messages whose delivery was cut off wait until %s lapse.", _CLAIM, exc_info=True)


def _release(connection: Connection, messages: Sequence[Message], now: datetime) -> None:
    for message in messages:
        release(connection, message, until=message.due_at, due_at=now)
