"""Messages that cannot be sent at once, or at all."""

from __future__ import annotations

import asyncio
import base64
import logging
import socket
from datetime import timedelta

import pytest
from sqlalchemy import update

from meshydb_server.services.accounts import NewUser
from meshydb_server.storage.schema import users
from tests.support.dependencies import SetClock
from tests.support.logs import levels
from tests.support.mail.sending import EMAIL, HeldDelivery, Opening, ask, only_message, stored_row, worker
from tests.support.mail.smtp import Sink, receiving

pytestmark = pytest.mark.anyio

_SECRETS = [base64.urlsafe_b64encode(bytes([number]) * 32).decode() for number in range(2)]


@pytest.mark.parametrize(
    "replies",
    [
        pytest.param({"to_recipient": ["451 later"]}, id="recipient"),
        pytest.param({"to_message": ["451 later"]}, id="message"),
        pytest.param({"to_message": ["421 closing"]}, id="closing"),
    ],
)
async def test_temporary_failure(
    opening: Opening, clock: SetClock, replies: dict[str, list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    """A temporary rejection is retried after five seconds, and the log says so."""
    with receiving(Sink(**replies)) as sink:
        async with opening(smtp_url=sink.url) as services:
            await ask(services)
            await worker(services).deliver_due()
            waiting = await only_message(services.outbox)
            assert waiting.status == "waiting"
            assert waiting.payload is not None
            assert waiting.last_error is not None
            assert levels(caplog) == [logging.WARNING]
            clock.move(seconds=4.999)
            assert await worker(services).deliver_due() == 0
            clock.move(seconds=0.001)
            assert await worker(services).deliver_due() == 1
            assert (await only_message(services.outbox)).status == "sent"
    assert len(sink.messages) == 1
    assert {mail["Message-ID"] for mail in sink.tries} == {f"<{waiting.message_id}@localhost>"}
    # That it was not sent is known, so that it cannot have been doubled.
    assert levels(caplog) == [logging.WARNING]


async def test_back_off(opening: Opening, clock: SetClock) -> None:
    """While the mail server is down, the delay between attempts grows to ten minutes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"smtp://127.0.0.1:{listener.getsockname()[1]}"
    delays: list[timedelta] = []
    reasons: set[str | None] = set()
    async with opening(smtp_url=url) as services:
        await ask(services)
        for _ in range(9):
            await worker(services).deliver_due()
            message = await only_message(services.outbox)
            delays.append(message.due_at - clock.now)
            reasons.add(message.last_error)
            clock.now = message.due_at
    assert reasons == {"The server did not accept the message: ConnectionRefusedError."}
    assert [delay.total_seconds() for delay in delays] == [5, 10, 20, 40, 80, 160, 320, 600, 600]


async def test_permanent_failure(opening: Opening, clock: SetClock, caplog: pytest.LogCaptureFixture) -> None:
    """A permanent rejection is not retried, and the log says so without the address."""
    sink = Sink(to_recipient=["550 no such user"])
    with receiving(sink):
        async with opening(smtp_url=sink.url) as services:
            await ask(services)
            message_id = (await only_message(services.outbox)).message_id
            await worker(services).deliver_due()
            clock.move(minutes=30)
            assert await worker(services).deliver_due() == 0
            row = await stored_row(services)
    assert sink.messages == []
    assert (row["status"], row["payload"]) == ("failed", None)
    assert row["last_error"] == "The server rejected the recipient with [550]."
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.__dict__["messageId"] == message_id
    assert EMAIL not in caplog.text


@pytest.mark.parametrize(
    ("fails_first", "reason"), [(False, "The code has expired."), (True, "The server rejected the message with 451.")]
)
async def test_lapsed(
    opening: Opening, clock: SetClock, caplog: pytest.LogCaptureFixture, *, fails_first: bool, reason: str
) -> None:
    """A message with an expired code is not sent, and the log says why."""
    sink = Sink(to_message=["451 later"])
    with receiving(sink):
        async with opening(smtp_url=sink.url) as services:
            await ask(services)
            if fails_first:
                await worker(services).deliver_due()
            caplog.clear()
            clock.move(hours=1)
            await worker(services).deliver_due()
            row = await stored_row(services)
    assert sink.messages == []
    assert (row["status"], row["payload"], row["last_error"]) == ("failed", None, reason)
    assert levels(caplog) == [logging.ERROR]
    assert reason in caplog.text


async def test_crash_in_the_middle(opening: Opening, clock: SetClock, caplog: pytest.LogCaptureFixture) -> None:
    """When a server dies in the middle of a try, the next one repeats it under the same id and says so in the log."""
    with receiving(Sink()) as sink:
        async with opening(smtp_url=sink.url) as services:
            await ask(services)
            message_id = (await only_message(services.outbox)).message_id
            # The try gets as far as to a delivery that never returns, and there it ends.
            delivery = HeldDelivery(held=True)
            trying = asyncio.create_task(worker(services, delivery).deliver_due())
            await delivery.started.wait()
            trying.cancel()
            await asyncio.wait({trying})
        async with opening(smtp_url=sink.url) as services:
            clock.move(seconds=119)
            assert await worker(services).deliver_due() == 0
            assert levels(caplog) == []
            clock.move(seconds=1)
            assert await worker(services).deliver_due() == 1
            assert (await only_message(services.outbox)).status == "sent"
    (mail,) = sink.messages
    assert mail["Message-ID"] == f"<{message_id}@localhost>"
    assert [letter.message_id for letter in delivery.letters] == [message_id]
    assert levels(caplog) == [logging.WARNING]
    assert "may be sent twice" in caplog.text


async def test_other_keys(opening: Opening, clock: SetClock, caplog: pytest.LogCaptureFixture) -> None:
    """A message under a key that the server does not have waits for the key to come back."""
    with receiving(Sink()) as sink:
        async with opening(smtp_url=sink.url, secret_keys=_SECRETS[0]) as services:
            await ask(services)
        async with opening(smtp_url=sink.url, secret_keys=_SECRETS[1]) as services:
            await worker(services).deliver_due()
            assert (await only_message(services.outbox)).status == "waiting"
        assert levels(caplog) == [logging.WARNING]
        assert "a key that this server does not have" in caplog.text
        clock.move(seconds=5)
        async with opening(smtp_url=sink.url, secret_keys=",".join(reversed(_SECRETS))) as services:
            await worker(services).deliver_due()
    assert len(sink.messages) == 1


@pytest.mark.parametrize(
    ("email", "status", "logged"),
    [
        ("a@[x>y]", "waiting", [logging.ERROR, logging.WARNING]),
        ("=?utf-8?q?a?=@example.org", "failed", [logging.ERROR]),
    ],
)
async def test_address_that_no_server_is_given(
    opening: Opening,
    clock: SetClock,
    caplog: pytest.LogCaptureFixture,
    email: str,
    status: str,
    logged: list[int],
) -> None:
    """An address that SMTP cannot use fails its own message only, and the log says why."""
    with receiving(Sink()) as sink:
        async with opening(smtp_url=sink.url) as services:
            await services.accounts.create_user("acme", None, NewUser(username="unfit"))
            # No command stores such an address, but another program may.
            change = update(users).values(email=email).where(users.c.username == "unfit")
            await services.database.write(lambda connection: connection.execute(change))
            await ask(services, "unfit")
            clock.move(seconds=1)
            await ask(services)
            assert await worker(services).deliver_due() == 2
            statuses = [message.status for message, _ in await services.outbox.messages()]
    assert statuses == [status, "sent"]
    assert levels(caplog) == logged
