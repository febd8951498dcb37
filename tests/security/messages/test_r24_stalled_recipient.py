"""R24: one slow recipient does not delay other messages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select, update

from meshydb_server.runtime import Services, sending
from meshydb_server.services.accounts import NewUser
from meshydb_server.services.common.dependencies import Dependencies
from meshydb_server.services.common.keys import Key
from meshydb_server.services.messages.slots import SlotLimits, Slots, domain_of, stand_in_domain
from meshydb_server.storage.accounts import has_accounts
from meshydb_server.storage.messages import Search
from meshydb_server.storage.schema import outbox
from tests.security.services import ACCOUNT, TENANT, change, services_on
from tests.support.mail.smtp import Sink, receiving

pytestmark = pytest.mark.anyio

_SLOW: Final = "slow.example"
_OTHERS: Final = 25


class _StallingSink(Sink):
    """A mail server that does not answer RCPT for a domain, or those below it, until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.stalled: list[str] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._translated_errors = asyncio.Event()

    def tell(self) -> None:
        """Let it answer from now on."""
        assert self._loop is not None, "Nobody wrote to the slow domain."
        self._loop.call_soon_threadsafe(self._translated_errors.set)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer RCPT, in time or not."""
        self._loop = asyncio.get_running_loop()
        if address.endswith(_SLOW):
            self.stalled.append(address)
            await self._translated_errors.wait()
        return await super().handle_RCPT(server, session, envelope, address, options)


async def _ask(services: Services, addresses: Sequence[str]) -> None:
    """Have a user with each address ask for a new password."""
    for address in addresses:
        await services.accounts.create_user(ACCOUNT, TENANT, NewUser(username=address, email=address))
        await services.recovery.forgot_password(ACCOUNT, TENANT, address, 1)


async def _arrive(sink: Sink, addresses: Sequence[str]) -> None:
    """Wait for the next letters, which go to these."""
    for _ in addresses:
        await asyncio.to_thread(sink.wait)
    assert sorted(mail["To"] for mail in sink.messages[-len(addresses) :]) == sorted(addresses)


_OTHER_ADDRESSES: Final = [f"user@{number}.example.org" for number in range(_OTHERS)]


async def test_r24_a_stalled_domain_delays_nobody(database_url: str) -> None:
    """While 60 messages wait for a stalled domain, all others arrive; the 60 arrive when it recovers."""
    slow = [f"user-{number}@{_SLOW}" for number in range(60)]
    with receiving(_StallingSink()) as sink:
        assert isinstance(sink, _StallingSink)
        async with services_on(database_url, smtp_url=sink.url) as services:
            await _ask(services, slow)
            await _ask(services, _OTHER_ADDRESSES[:5])
            async with sending(services.outbox):
                await _arrive(sink, _OTHER_ADDRESSES[:5])
                await _ask(services, _OTHER_ADDRESSES[5:])
                await _arrive(sink, _OTHER_ADDRESSES[5:])
                assert len(sink.stalled) == 3
                sink.tell()
                await _arrive(sink, slow)


async def test_r24_retries_leave_room_for_first_tries(database_url: str) -> None:
    """Stalled retries, however many, do not delay first attempts."""
    slow = [f"user@{number}.{_SLOW}" for number in range(40)]
    with receiving(_StallingSink()) as sink:
        assert isinstance(sink, _StallingSink)
        async with services_on(database_url, smtp_url=sink.url) as services:
            await _ask(services, slow)
            await change(services, update(outbox).values(attempts=1, last_error="The server responded with 451."))
            async with sending(services.outbox):
                await _ask(services, _OTHER_ADDRESSES)
                await _arrive(sink, _OTHER_ADDRESSES)
                assert len(sink.stalled) <= 10
                sink.tell()
                await _arrive(sink, slow)


@pytest.mark.parametrize(("total", "per_domain"), [("2", "1"), ("5", "7")])
async def test_r24_slots_are_set(database_url: str, total: str, per_domain: str) -> None:
    """The settings limit the messages that are sent at once, in total and for each domain."""
    given: dict[str, Any] = {"mail_slots": total, "mail_slots_per_domain": per_domain}
    slow = [f"user-{number}@{_SLOW}" for number in range(8)]
    with receiving(_StallingSink()) as sink:
        assert isinstance(sink, _StallingSink)
        async with services_on(database_url, smtp_url=sink.url, **given) as services:
            await _ask(services, slow)
            async with sending(services.outbox):
                while len(sink.stalled) < min(int(total), int(per_domain)):  # noqa: ASYNC110 - it is another thread's
                    await asyncio.sleep(0)
                for _ in range(50):
                    await services.database.read(has_accounts)
                assert len(sink.stalled) == min(int(total), int(per_domain))
                sink.tell()
                await _arrive(sink, slow)


async def test_r24_messages_have_their_domains(database_url: str) -> None:
    """A message counts for the domain of its address, in any spelling, or for its phone number."""
    async with services_on(database_url, smtp_url="smtp://localhost") as services:
        await _ask(services, ["rosa@Example.ORG"])
        found = await services.database.read(lambda connection: connection.scalars(select(outbox.c.domain)).all())
    assert found == ["example.org"]
    assert domain_of("rosa@example.org.") == "example.org"
    assert domain_of("+15551230000") == "+15551230000"


def test_r24_decoys_have_stand_in_domains() -> None:
    """A decoy message counts for one of four domains, which is always the same for one username."""
    key = Key.derive(bytes(32))
    domains = [stand_in_domain(key, f"user-{number}") for number in range(100)]
    assert sorted(set(domains)) == [f"{number}.invalid" for number in range(4)]
    assert stand_in_domain(key, "USER-0") == domains[0]


async def test_r24_searches_overlap() -> None:
    """A search that found everything is followed by one that begins half a minute back."""
    now = Dependencies().clock()
    slots = Slots(SlotLimits())
    first = slots.search(["email"], now)
    assert isinstance(first, Search)
    assert first.since is None
    assert slots.choose(first, []) == ([], False)
    second = slots.search(["email"], now)
    assert second is not None
    assert second.since is not None
    assert (now - second.since).total_seconds() == 30
    slots.look_at_all()
    assert slots.search(["email"], now) == first
