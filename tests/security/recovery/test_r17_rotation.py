"""R17: keys can be rotated during recoveries: the newest signs, all of them verify."""

from __future__ import annotations

import base64

import pytest

from meshydb_server.services.common.keys import Keyring
from meshydb_server.services.messages.worker import OutboxWorker
from meshydb_server.storage.schema import outbox
from tests.security.services import (
    BY_QUESTION,
    BY_TEXT,
    KEYS,
    PASSWORD,
    TENANT,
    ask,
    outcomes,
    refusal,
    register,
    rows,
    services_on,
)
from tests.support.dependencies import SetClock
from tests.support.mail.smtp import Sink, receiving

pytestmark = pytest.mark.anyio

_OLD, _NEW, _ = KEYS
_BOTH = f"{_NEW},{_OLD}"


def _key_id(handle: str) -> bytes:
    return base64.urlsafe_b64decode(handle + "=")[1:5]


async def test_r17_a_request_outlives_a_new_key(database_url: str) -> None:
    """A request of the old key can be completed while both keys are set; new requests use the new key."""
    async with services_on(database_url, secret_keys=_OLD) as services:
        issued = [await ask(services, tenant=tenant) for tenant in (TENANT, BY_TEXT, BY_QUESTION)]
        registered = await register(services)
    async with services_on(database_url, new=False, secret_keys=_BOTH) as services:
        for each in (*issued, registered):
            assert not await services.completion.check_hash(each.wrong)
            assert await services.completion.check_hash(each.attempted())
        await services.completion.verify_user(registered.attempted())
        for each in issued:
            await services.completion.reset_password(each.attempted(), PASSWORD)
        newer = await ask(services)
        assert await services.completion.check_hash(newer.attempted())
    assert {_key_id(each.request.hash) for each in issued} == {Keyring.parse(_OLD).newest.id}
    assert _key_id(newer.request.hash) == Keyring.parse(_NEW).newest.id
    async with services_on(database_url, new=False, secret_keys=_NEW) as services:
        await services.completion.reset_password(newer.attempted(), PASSWORD)


async def test_r17_a_request_ends_with_its_key(database_url: str) -> None:
    """Without the old key its handles are rejected; with it they are valid again."""
    async with services_on(database_url, secret_keys=_OLD) as services:
        issued = await ask(services)
        by_question = await ask(services, tenant=BY_QUESTION)
    async with services_on(database_url, new=False, secret_keys=_NEW) as services:
        for each in (issued, by_question):
            assert not await services.completion.check_hash(each.attempted())
            assert await refusal(services.completion.reset_password(each.attempted(), PASSWORD))
        assert (await outcomes(services))["reset", "bad-hash"] == 2
    async with services_on(database_url, new=False, secret_keys=f"{KEYS[2]},{_OLD}") as services:
        for each in (issued, by_question):
            await services.completion.reset_password(each.attempted(), PASSWORD)


async def test_r17_a_claimed_key_is_not_believed(database_url: str) -> None:
    """A handle that names another key than the one that signed it is rejected."""
    async with services_on(database_url, secret_keys=_BOTH) as services:
        issued = await ask(services)
        raw = base64.urlsafe_b64decode(issued.request.hash + "=")
        claimed = raw[:1] + Keyring.parse(_OLD).newest.id + raw[5:]
        forged = base64.urlsafe_b64encode(claimed).rstrip(b"=").decode()
        assert not await services.completion.check_hash(issued.attempted(hash=forged))
        assert await services.completion.check_hash(issued.attempted())


async def test_r17_waiting_messages_outlive_a_new_key(database_url: str) -> None:
    """A message of the old key is sent while both keys are set, and otherwise waits for the key."""
    clock = SetClock()
    with receiving(Sink()) as sink:
        async with services_on(database_url, clock, secret_keys=_OLD, smtp_url=sink.url) as services:
            issued = await ask(services)
        async with services_on(database_url, clock, new=False, secret_keys=_NEW, smtp_url=sink.url) as services:
            await OutboxWorker(services.outbox).deliver_due()
            (row,) = await rows(services, outbox)
            assert (row["status"], sink.messages) == ("waiting", [])
        # When the next try is due.
        clock.now = row["due_at"]
        async with services_on(database_url, clock, new=False, secret_keys=_BOTH, smtp_url=sink.url) as services:
            await OutboxWorker(services.outbox).deliver_due()
            (row,) = await rows(services, outbox)
    assert (row["status"], row["payload"]) == ("sent", None)
    assert issued.code in sink.messages[0].get_content()
