"""The background worker: when it wakes and stops, and which failures it survives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from meshydb_server.runtime import Services, sending
from meshydb_server.storage.accounts import has_accounts
from meshydb_server.storage.engine.database import Database
from tests.support.databases.transactions import rename
from tests.support.dependencies import SetClock
from tests.support.mail.sending import HeldDelivery, LoopTime, Opening, ask, emailing, only_message, worker
from tests.support.mail.smtp import Sink, receiving

pytestmark = pytest.mark.anyio

_NOWHERE = "smtp://localhost"


@asynccontextmanager
async def _running(services: Services, delivery: HeldDelivery) -> AsyncGenerator[None]:
    """Run a worker until the block ends, and see that it stops when it is told to."""
    stopping = asyncio.Event()
    running = asyncio.create_task(worker(services, delivery).run(stopping))
    try:
        yield
    finally:
        stopping.set()
        services.outbox.wake()
        await running


async def test_woken(opening: Opening, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message of this process is sent at once, and the worker sleeps in between."""
    with receiving(Sink()) as sink:
        async with opening(smtp_url=sink.url) as services, sending(services.outbox):
            LoopTime(monkeypatch).freeze()
            for _ in range(3):
                await ask(services)
                await asyncio.to_thread(sink.wait)
            # Meanwhile a worker that never rests would look at the clock about as often.
            for _ in range(50):
                await services.database.read(has_accounts)
    assert len(sink.messages) == 3
    assert clock.calls < 30


async def test_left_over(opening: Opening) -> None:
    """A message that was put while no worker ran is sent once one runs."""
    with receiving(Sink()) as sink:
        async with opening(smtp_url=sink.url) as services:
            await ask(services)
        async with opening(smtp_url=sink.url) as services, sending(services.outbox):
            await asyncio.to_thread(sink.wait)


async def test_more_than_a_batch(opening: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any number of waiting messages is sent without a pause."""
    delivery = HeldDelivery()
    many = {"recovery_requests_per_user_per_hour": "25"}
    async with opening(smtp_url=_NOWHERE, **many) as services:
        for _ in range(25):
            await ask(services)
        LoopTime(monkeypatch).freeze()
        async with _running(services, delivery):
            for _ in range(25):
                await delivery.arrived()
    assert len({letter.message_id for letter in delivery.letters}) == 25


async def test_put_by_another_process(opening: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message of another process is found by polling."""
    delivery = HeldDelivery()
    time = LoopTime(monkeypatch)
    async with (
        opening(smtp_url=_NOWHERE) as services,
        opening(smtp_url=_NOWHERE) as other,
        _running(services, delivery),
    ):
        await ask(other)
        await time.run_until(delivery.started.is_set)


async def test_storage_fails(
    opening: Opening, database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker logs a database failure, and continues when the database is back."""
    delivery = HeldDelivery()
    time = LoopTime(monkeypatch)
    async with opening(smtp_url=_NOWHERE) as services:
        await ask(services)
        async with Database(database_url) as database:
            await database.write(rename("outbox", "lost"))
            async with _running(services, delivery):
                await time.run_until(lambda: "Processing the outbox failed; retrying." in caplog.text)
                await database.write(rename("lost", "outbox"))
                await time.run_until(delivery.started.is_set)


async def test_hanging_try(opening: Opening, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hanging attempt is aborted before its claim expires, and counts as failed."""
    delivery = HeldDelivery(held=True)
    async with opening(smtp_url=_NOWHERE) as services:
        await ask(services)
        trying = asyncio.create_task(worker(services, delivery).deliver_due())
        await delivery.started.wait()
        claimed = await only_message(services.outbox)
        begun = asyncio.get_running_loop().time()
        await LoopTime(monkeypatch).run_until(trying.done)
        message = await only_message(services.outbox)
    assert delivery.cut_off_at is not None
    assert delivery.cut_off_at - begun < (claimed.due_at - clock.now).total_seconds()
    assert (message.status, message.last_error) == ("waiting", "The delivery timed out.")


async def test_stops_when_idle(opening: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    """An idle worker stops at once."""
    async with opening(smtp_url=_NOWHERE) as services:
        LoopTime(monkeypatch).freeze()
        async with _running(services, HeldDelivery()):
            pass


async def test_stops_after_the_try(opening: Opening) -> None:
    """A try that is under way when the server stops is ended first, and its end is noted."""
    delivery = HeldDelivery(held=True)
    async with opening(smtp_url=_NOWHERE) as services:
        await ask(services)
        async with _running(services, delivery):
            await delivery.started.wait()
            asyncio.get_running_loop().call_soon(delivery.released.set)
        assert (await only_message(services.outbox)).status == "sent"


async def test_stopping_waits_for_the_try(opening: Opening) -> None:
    """A server that stops lets the try under way end, and notes its end."""
    delivery = HeldDelivery(held=True)
    async with opening(smtp_url=_NOWHERE) as services:
        await ask(services)
        async with sending(emailing(services.outbox, delivery)):
            await delivery.started.wait()
            asyncio.get_running_loop().call_soon(delivery.released.set)
        assert (await only_message(services.outbox)).status == "sent"


async def test_stops_in_spite_of_a_hanging_try(opening: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that stops does not wait for ever for a try to end; the message is left for the next server."""
    delivery = HeldDelivery(held=True)
    async with opening(smtp_url=_NOWHERE) as services:
        outbox = emailing(services.outbox, delivery)
        await ask(services)

        async def serve() -> None:
            async with sending(outbox):
                await delivery.started.wait()

        serving = asyncio.create_task(serve())
        await delivery.started.wait()
        await LoopTime(monkeypatch).run_until(serving.done)
        message = await only_message(outbox)
    assert (message.status, message.attempts, message.last_error) == ("waiting", 1, None)


async def test_console_needs_no_worker(opening: Opening) -> None:
    """Without a delivery there is no worker."""
    async with opening() as services:
        before = asyncio.all_tasks()
        async with sending(services.outbox):
            assert asyncio.all_tasks() == before
