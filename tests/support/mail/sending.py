"""Services that send codes to a user, and deliveries and clocks that a test controls."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import attrs
import pytest
from sqlalchemy import select

from meshydb_server.runtime import Services, open_services
from meshydb_server.services.accounts import NewUser
from meshydb_server.services.common.dependencies import Dependencies
from meshydb_server.services.messages.outbox import Delivery, Outbox
from meshydb_server.services.messages.templates import MessageContent
from meshydb_server.services.messages.worker import OutboxWorker
from meshydb_server.storage.accounts import account_exists
from meshydb_server.storage.messages import Message
from meshydb_server.storage.schema import outbox
from tests.support.dependencies import CHEAP_HASHER, SetClock
from tests.support.server import settings_in

USERNAME = "rosa.k"
EMAIL = "rosa.k@example.org"

# A letter that does not come fails the test, rather than stopping the suite.
_PATIENCE_SECONDS = 30.0


@asynccontextmanager
async def opened(folder: Path, clock: SetClock, *, smtp_url: str = "", **given: str) -> AsyncGenerator[Services]:
    """Services on the folder's database, or another, with an account and a user."""
    settings = settings_in(folder, **({"smtp_url": smtp_url} if smtp_url else {}), **given)
    async with open_services(
        settings, Dependencies(clock=clock, randomness=secrets.token_bytes, hasher=CHEAP_HASHER)
    ) as services:
        if not await services.database.read(lambda connection: account_exists(connection, "acme")):
            await services.accounts.create_account("acme")
            await services.accounts.create_user("acme", None, NewUser(username=USERNAME, email=EMAIL))
        yield services


class Opening(Protocol):
    """Opens services on the same database, each time with the given settings."""

    def __call__(self, *, smtp_url: str = "", **given: str) -> AbstractAsyncContextManager[Services]:
        """Open them as `opened` does."""
        ...


async def ask(services: Services, username: str = USERNAME) -> None:
    """Put a message into the outbox."""
    await services.recovery.forgot_password("acme", None, username, 1)


def worker(services: Services, delivery: Delivery | None = None) -> OutboxWorker:
    """A worker with the services' deliveries, or with another delivery of email."""
    return OutboxWorker(services.outbox if delivery is None else emailing(services.outbox, delivery))


def emailing(outbox: Outbox, delivery: Delivery) -> Outbox:
    """The outbox with another delivery of email."""
    return attrs.evolve(outbox, deliveries={"email": delivery})


async def only_message(outbox: Outbox) -> Message:
    """The one message."""
    ((message, _),) = await outbox.messages()
    return message


async def stored_row(services: Services) -> dict[str, Any]:
    """The row of the one message."""
    rows = await services.database.read(lambda connection: connection.execute(select(outbox)).mappings().all())
    (row,) = rows
    return dict(row)


class HeldDelivery:
    """A delivery that finishes each message only when a test releases it."""

    name = "smtp"

    def __init__(self, *, held: bool = False) -> None:
        self.letters: list[MessageContent] = []
        self.started = asyncio.Event()
        self.released = asyncio.Event()
        self.cut_off_at: float | None = None
        self._arrived = threading.Semaphore(0)
        if not held:
            self.released.set()

    async def send(self, letter: MessageContent) -> None:
        """Take a message."""
        self.letters.append(letter)
        self.started.set()
        self._arrived.release()
        try:
            if not self.released.is_set():
                await self.released.wait()
        except asyncio.CancelledError:
            self.cut_off_at = asyncio.get_running_loop().time()
            raise

    async def rehearse(self, letter: MessageContent) -> None:
        """Take a message that is not sent."""
        await self.send(letter)

    async def arrived(self) -> None:
        """Wait for the next message, by a clock that no test moves."""
        assert await asyncio.to_thread(self._arrived.acquire, timeout=_PATIENCE_SECONDS), "No letter came."


async def until(done: Callable[[], bool]) -> None:
    """Yield to the event loop until a condition holds."""
    while not done():  # noqa: ASYNC110 - what tests wait for in this way has no event
        await asyncio.sleep(0)


class LoopTime:
    """The clock of the running event loop, which a test controls."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self._real = loop.time
        self.ahead = 0.0
        self._frozen: float | None = None
        patch.setattr(loop, "time", self._time)

    def freeze(self) -> None:
        """Freeze the clock, so that nothing times out."""
        self._frozen = self._time()

    async def run_until(self, done: Callable[[], bool]) -> None:
        """Advance the clock until a condition holds."""
        while not done():
            self.ahead += 1.0
            await asyncio.sleep(0)

    def _time(self) -> float:
        return self._real() + self.ahead if self._frozen is None else self._frozen
