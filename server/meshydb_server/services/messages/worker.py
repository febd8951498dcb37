"""Sends the messages of the outbox.

A message is never lost: it stays in the database until a delivery succeeds or its code expires, which is logged. It is
never silently duplicated: each attempt is recorded before it starts. If the server dies during an attempt, the next one
is logged as a possible duplicate and has the same Message-ID.
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

from meshydb_server.services.common.metrics import DeliveryOutcome
from meshydb_server.services.messages.outbox import DeliveryError, Outbox, PermanentDeliveryError, identify, no_address
from meshydb_server.services.messages.slots import Slots
from meshydb_server.storage.engine.errors import StorageError
from meshydb_server.storage.messages import DECOY, Message, Status, claim, close, find_due, postpone, release

# An attempt is aborted well before the claim on its message expires.
_ATTEMPT_TIMEOUT: Final = timedelta(seconds=60)
_CLAIM_TIMEOUT: Final = timedelta(seconds=120)
_FIRST_RETRY: Final = timedelta(seconds=5)
_LAST_RETRY: Final = timedelta(minutes=10)
# Messages of other processes do not wake this worker.
_POLL_SECONDS: Final = 5.0
# Times at the stop of the server: to abort running deliveries, and to release their messages. A claim that is not
# released expires.
_ABORT_SECONDS: Final = 0.5
_RELEASE_SECONDS: Final = 2.0
_EXPIRED: Final = "The code has expired."

_log = logging.getLogger(__name__)


@frozen
class OutboxWorker:
    """Sends an outbox's messages through its deliveries. Several workers may share a database."""

    outbox: Outbox

    async def run(self, stopping: asyncio.Event) -> None:
        """Send due messages until `stopping` is set and running deliveries have ended.

        If it is cancelled, it aborts running deliveries and leaves their messages for the next worker.
        """
        slots = Slots(self.outbox.slots)
        try:
            while not stopping.is_set():
                self.outbox.woken.clear()
                try:
                    await self._fill(slots)
                except Exception:  # noqa: BLE001 - whatever it is, no message is lost by trying again
                    _log.exception("Processing the outbox failed; retrying.")
                    slots.look_at_all()
                if not stopping.is_set():
                    await self._wait(slots)
            if running := slots.running:
                await asyncio.wait(running)
        finally:
            await self._abort(slots)

    async def deliver_due(self) -> int:
        """Attempt each due message once, and return their number."""
        slots = Slots(self.outbox.slots)
        total = 0
        try:
            while count := await self._fill(slots):
                total += count
                await asyncio.gather(*slots.running)
        finally:
            for task in slots.running:
                task.cancel()
        return total

    async def _wait(self, slots: Slots) -> None:
        try:
            async with asyncio.timeout(_POLL_SECONDS):
                await self.outbox.woken.wait()
        except TimeoutError:
            slots.look_at_all()

    async def _fill(self, slots: Slots) -> int:
        """Start deliveries while there are due messages and free slots. Returns the number of chosen messages."""
        database, channels = self.outbox.database, self.outbox.deliveries.keys()
        count, more = 0, True
        while more and (search := slots.search(channels, self.outbox.clock())) is not None:
            due = await database.read(partial(find_due, search=search))
            chosen, more = slots.choose(search, due)
            count += len(chosen)
            for message in await self._claim(chosen):
                self._start(message, slots)
        return count

    async def _claim(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Claim messages and close expired ones. Returns those that no other worker has claimed."""
        if not messages:
            return []
        now = self.outbox.clock()
        until = now + _CLAIM_TIMEOUT
        expired = [message for message in messages if message.expires_at <= now]
        valid = [message for message in messages if message.expires_at > now]

        def transaction(connection: Connection) -> Sequence[Message]:
            for message in expired:
                close(connection, message, "failed", error=message.last_error or _EXPIRED)
            return [message for message in valid if claim(connection, message, until)]

        claimed = await self.outbox.database.write(transaction)
        for message in expired:
            _log.error("Giving up on a message: %s", message.last_error or _EXPIRED, extra=identify(message))
            self._count(message, "expired")
        return [evolve(message, due_at=until) for message in claimed]

    def _start(self, message: Message, slots: Slots) -> None:
        def end(task: asyncio.Task[None]) -> None:
            if slots.vacate(task):
                self.outbox.wake()
            if not task.cancelled() and (error := task.exception()) is not None:
                _log.error("The result of a delivery could not be saved.", exc_info=error, extra=identify(message))

        task = asyncio.create_task(self._attempt(message))
        slots.occupy(message, task)
        task.add_done_callback(end)

    async def _attempt(self, message: Message) -> None:
        """Deliver a claimed message, and save the result."""
        if message.attempts and message.last_error is None:
            _log.warning("A message may be sent twice: the result of the last try is unknown.", extra=identify(message))
        try:
            async with asyncio.timeout(_ATTEMPT_TIMEOUT.total_seconds()):
                failure = await self._deliver(message)
        except PermanentDeliveryError as error:
            saving = self._give_up(message, str(error))
        except (DeliveryError, TimeoutError) as error:
            saving = self._retry_later(message, str(error) or "The delivery timed out.")
        except Exception as error:  # noqa: BLE001 - a message must not be lost to a fault of ours
            _log.exception("A message was not sent because of an unexpected error.", extra=identify(message))
            saving = self._retry_later(message, type(error).__name__)
        else:
            # Not logged: writing a line would make users without an address slower than unknown users.
            saving = self._close(message, failure)
            self._count(message, "rehearsed" if message.recipient is None else "sent")
        # The result is saved even if the server stops.
        await asyncio.shield(saving)

    async def _deliver(self, message: Message) -> str | None:
        """Deliver or rehearse a message. Returns why it fails if no error was raised; None on success."""
        delivery = self.outbox.deliveries[message.channel]
        if message.recipient is not None:
            await delivery.send(self.outbox.content(message))
            return None
        # Requests that are served meanwhile must not reveal by their timing whether a recipient exists.
        await delivery.rehearse(self.outbox.rehearsal_content(message))
        return None if message.delivery == DECOY else no_address(message.channel)

    async def _give_up(self, message: Message, reason: str) -> None:
        _log.error("Giving up on a message: %s", reason, extra=identify(message))
        self._count(message, "failed")
        await self._close(message, reason)

    async def _close(self, message: Message, failure: str | None) -> None:
        status: Status = "sent" if failure is None else "failed"
        await self.outbox.database.write(lambda connection: close(connection, message, status, error=failure))

    async def _retry_later(self, message: Message, reason: str) -> None:
        delay = min(_FIRST_RETRY * 2**message.attempts, _LAST_RETRY)
        _log.warning("A message was not sent; retrying in %s: %s", delay, reason, extra=identify(message))
        self._count(message, "retried")
        due_at = self.outbox.clock() + delay
        await self.outbox.database.write(lambda connection: postpone(connection, message, due_at, reason))

    def _count(self, message: Message, outcome: DeliveryOutcome) -> None:
        self.outbox.metrics.delivered(message.channel, outcome)

    async def _abort(self, slots: Slots) -> None:
        """Abort running deliveries, and make their messages due for the next worker."""
        running = slots.running
        if not running:
            return
        for task in running:
            task.cancel()
        now = self.outbox.clock()
        await asyncio.wait(running, timeout=_ABORT_SECONDS)
        try:
            async with asyncio.timeout(_RELEASE_SECONDS):
                await self.outbox.database.write(lambda connection: _release(connection, [*running.values()], now))
        except (TimeoutError, StorageError):
            _log.warning("Messages of aborted deliveries are retried after %s.", _CLAIM_TIMEOUT, exc_info=True)


def _release(connection: Connection, messages: Sequence[Message], now: datetime) -> None:
    for message in messages:
        release(connection, message, until=message.due_at, due_at=now)
