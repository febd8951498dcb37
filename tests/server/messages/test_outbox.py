"""The outbox: messages are stored, listed and sent once."""

from __future__ import annotations

import asyncio
import base64
import logging

import attrs
import pytest
from sqlalchemy import update

from meshydb_server.runtime import working
from meshydb_server.services.accounts import NewUser
from meshydb_server.services.messages.outbox import PermanentDeliveryError
from meshydb_server.services.recovery.guesses import CompletionRequest
from meshydb_server.storage.schema import outbox
from tests.support.databases.transactions import held
from tests.support.dependencies import SetClock
from tests.support.logs import levels
from tests.support.mail.sending import EMAIL, HeldDelivery, Opening, ask, only_message, stored_row, until, worker
from tests.support.mail.smtp import Sink, receiving

pytestmark = pytest.mark.anyio

_SECRETS = [base64.urlsafe_b64encode(bytes([number]) * 32).decode() for number in range(2)]


async def test_sent(opening: Opening, caplog: pytest.LogCaptureFixture) -> None:
    """A message arrives once, with its code; then it is marked as sent and what it said is erased."""
    with receiving(Sink()) as sink:
        async with opening(smtp_url=sink.url) as services:
            await ask(services)
            message = await only_message(services.outbox)
            code = services.outbox.content(message).code
            assert (message.status, message.delivery) == ("waiting", "smtp")
            assert await worker(services).deliver_due() == 1
            assert await worker(services).deliver_due() == 0
            row = await stored_row(services)
    (mail,) = sink.messages
    assert code is not None
    assert code in mail.get_content()
    assert mail["To"] == EMAIL
    assert sink.recipients == [EMAIL]
    assert (row["status"], row["payload"], row["attempts"], row["last_error"]) == ("sent", None, 1, None)
    assert code not in caplog.text
    assert levels(caplog) == []


async def test_nothing_of_a_strangers_making(opening: Opening) -> None:
    """A message contains no text that its requester chose."""
    lure = "your account is locked: https://evil.example/unlock"
    # A username has neither spaces nor slashes.
    name = "locked:unlock-at-evil.example"
    new = NewUser(username=name, first_name=lure, last_name=lure, email=EMAIL, password="a password of rosa")  # noqa: S106
    with receiving(Sink()) as sink:
        async with opening(smtp_url=sink.url) as services:
            await services.registration.register("acme", None, new)
            request = await services.recovery.forgot_password("acme", None, name, 1)
            (message,) = [each for each, _ in await services.outbox.messages() if each.kind == "reset"]
            code = services.outbox.content(message).code
            assert code is not None
            attempted = CompletionRequest(
                account="acme",
                tenant=None,
                username=name,
                attempt=1,
                hash=request.hash,
                expires=request.expires,
                code=code,
            )
            await services.completion.reset_password(attempted, "another password of rosa")
            await worker(services).deliver_due()
    assert sorted(mail["Subject"] for mail in sink.messages) == [
        "Your password was changed",
        "Your verification code",
        "Your verification code",
    ]
    for mail in sink.messages:
        assert "locked" not in mail.as_string() + mail.get_content()
        assert "evil" not in mail.as_string() + mail.get_content()


async def test_two_servers(opening: Opening) -> None:
    """While one server tries a message, another on the same database leaves it alone."""
    with receiving(Sink()) as sink:
        async with (
            opening(smtp_url=sink.url) as one,
            opening(smtp_url=sink.url) as other,
        ):
            await ask(one)
            delivery = HeldDelivery(held=True)
            trying = asyncio.create_task(worker(one, delivery).deliver_due())
            await delivery.started.wait()
            assert await worker(other).deliver_due() == 0
            delivery.released.set()
            await trying
    assert len(delivery.letters) == 1
    assert sink.messages == []


async def test_one_claim(opening: Opening, clock: SetClock, database_url: str) -> None:
    """Only one of two workers can claim a due message."""
    delivery = HeldDelivery()
    async with opening(smtp_url="smtp://localhost") as services:
        await ask(services)
        clock.calls = 0
        # Nobody else can write the message, so both find it, and go on to the moment before they would claim it.
        touch = update(outbox).values(attempts=outbox.c.attempts)
        async with held(database_url, lambda connection: connection.execute(touch)):
            trying = [asyncio.create_task(worker(services, delivery).deliver_due()) for _ in range(2)]
            await until(lambda: clock.calls >= 4)
        assert await asyncio.gather(*trying) == [1, 1]
    assert len(delivery.letters) == 1


async def test_stranded(opening: Opening, caplog: pytest.LogCaptureFixture) -> None:
    """A server without mail warns at its start about messages that wait for mail, and names the setting."""
    async with opening(smtp_url="smtp://localhost") as services:
        await ask(services)
    async with opening() as services, working(services):
        pass
    assert levels(caplog) == [logging.WARNING]
    assert "MESHYDB_SMTP_URL" in caplog.text


async def test_no_address(opening: Opening, caplog: pytest.LogCaptureFixture) -> None:
    """A message to a user without an address fails at once, and the log says so."""
    async with opening(smtp_url="smtp://localhost") as services:
        await services.accounts.create_user("acme", None, NewUser(username="device"))
        reset = await services.recovery.forgot_password("acme", None, "device", 1)
        message = await only_message(services.outbox)
        assert await worker(services).deliver_due() == 0
    assert (message.status, message.recipient, message.payload) == ("failed", None, None)
    assert message.last_error == "The user has no email address."
    assert reset.hint == "xxxx"
    assert levels(caplog) == [logging.ERROR]
    assert "The user has no email address." in caplog.text


async def test_console(opening: Opening, clock: SetClock) -> None:
    """Without mail, the outbox keeps each message with its code for whoever reads it, with or without an address."""
    async with opening() as services:
        await services.accounts.create_user("acme", None, NewUser(username="device"))
        await ask(services)
        clock.move(seconds=1)
        await ask(services, "device")
        messages = await services.outbox.messages()
    assert [(message.recipient, message.status) for message, _ in messages] == [(EMAIL, "sent"), (None, "sent")]
    assert all(code is not None and len(code) == 8 for _, code in messages)


async def test_console_messages_are_not_mailed(opening: Opening, clock: SetClock) -> None:
    """Messages stored without mail are not mailed later, and codes of mailed messages are never listed."""
    async with opening() as services:
        await ask(services)
    with receiving(Sink()) as sink:
        async with opening(smtp_url=sink.url) as services:
            clock.move(seconds=1)
            await ask(services)
            shown = [code is not None for _, code in await services.outbox.messages()]
            assert await worker(services).deliver_due() == 1
    assert shown == [True, False]


async def test_other_keys_on_the_console(opening: Opening, clock: SetClock, caplog: pytest.LogCaptureFixture) -> None:
    """A code under an unknown key is left out of the list, and the log says so."""
    for secret in _SECRETS:
        async with opening(secret_keys=secret) as services:
            await ask(services)
            clock.move(seconds=1)
    async with opening(secret_keys=_SECRETS[1]) as services:
        messages = await services.outbox.messages()
    assert [code is not None for _, code in messages] == [False, True]
    assert levels(caplog) == [logging.WARNING]
    assert "a key that this server does not have" in caplog.text


async def test_nothing_to_send(opening: Opening) -> None:
    """A message without an address or content is never sent."""
    async with opening() as services:
        await ask(services)
        message = await only_message(services.outbox)
        for lacking in (attrs.evolve(message, recipient=None), attrs.evolve(message, payload=None)):
            with pytest.raises(PermanentDeliveryError):
                services.outbox.content(lacking)


async def test_letter_hides_its_code(opening: Opening) -> None:
    """Neither a letter nor a message shows its secret when it is logged as a whole."""
    async with opening() as services:
        await ask(services)
        message = await only_message(services.outbox)
        letter = services.outbox.content(message)
    assert letter.code is not None
    assert letter.code not in repr(letter)
    assert message.payload is not None
    assert repr(message.payload) not in repr(message)
