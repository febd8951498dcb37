"""R20: security questions change at once with the password, and otherwise after the delay."""

from __future__ import annotations

from typing import Final

import pytest

from meshydb_server.runtime import Services
from meshydb_server.services.common.callers import Caller
from meshydb_server.services.users.questions import NewQuestion
from meshydb_server.storage.schema import audit, pending_questions
from tests.security.services import (
    ACCOUNT,
    ANSWERS,
    BY_QUESTION,
    EMAIL,
    MAY_UPDATE,
    OLD_PASSWORD,
    PASSWORD,
    USERNAME,
    ask,
    outcomes,
    refusal,
    rows,
    services_on,
)
from tests.security.users.authenticators import DELAY, STALE, enter, letters, notices, stored
from tests.support.dependencies import SetClock

pytestmark = pytest.mark.anyio

_OLD: Final = next(iter(ANSWERS))
_NEW: Final = NewQuestion("What do I steal?", "Accounts")
_OTHER: Final = NewQuestion("What else?", "Whatever there is")


async def _asked(services: Services) -> str:
    """The question that a recovery shows."""
    return (await services.recovery.forgot_password(ACCOUNT, BY_QUESTION, USERNAME, 1)).hint


async def _shown(services: Services, caller: Caller) -> list[str]:
    return [each.question for each in (await services.own_account.read(caller)).questions]


async def test_r20_questions_of_a_stolen_token_wait(database_url: str) -> None:
    """Without the password, the user sees the new questions, and recovery uses them after the delay."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        caller = await enter(services, BY_QUESTION)
        boss = Caller(ACCOUNT, BY_QUESTION, "0" * 24, "admin", bytes(16), MAY_UPDATE)
        clock.move(seconds=STALE)
        await services.own_account.set_questions(caller, [_NEW])
        assert await _shown(services, caller) == [_NEW.question]
        assert [each.question for each in (await services.users.read(boss, caller.user_id)).questions] == [*ANSWERS]
        assert await notices(services, BY_QUESTION) == [("questions-pending", EMAIL)]
        (letter,) = await letters(services, BY_QUESTION)
        assert "2030-01-08 00:10" in letter.text
        assert _NEW.question not in letter.text
        clock.move(seconds=DELAY - 1)
        assert await _asked(services) == _OLD
        issued = await ask(services, tenant=BY_QUESTION)
        clock.move(seconds=1)
        # Shown to all before it is settled, too.
        assert [each.question for each in (await services.users.read(boss, caller.user_id)).questions] == [
            _NEW.question
        ]
        assert await refusal(services.completion.reset_password(issued.attempted(), PASSWORD))
        assert await _asked(services) == _NEW.question
        clock.move(seconds=1)
        assert await _asked(services) == _NEW.question
        assert not (await stored(services, BY_QUESTION))["questions_proved"]
        assert await rows(services, pending_questions) == []
        assert (await outcomes(services))["questions-changed", "took-effect"] == 1


@pytest.mark.parametrize("previous", [None, OLD_PASSWORD], ids=["recent", "password"])
@pytest.mark.parametrize("by_id", [True, False], ids=["E19", "E12"])
async def test_r20_questions_at_once(database_url: str, previous: str | None, *, by_id: bool) -> None:
    """With the password, new questions take effect at once, are proved, and cancel pending ones."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        stale = await enter(services, BY_QUESTION)
        clock.move(seconds=STALE)
        await services.own_account.set_questions(stale, [_OTHER])
        caller = stale if previous else await enter(services, BY_QUESTION)
        issued = await ask(services, tenant=BY_QUESTION)
        if by_id:
            await services.users.set_questions(caller, caller.user_id, [_NEW], previous)
        else:
            await services.own_account.set_questions(caller, [_NEW], previous)
        assert await refusal(services.completion.reset_password(issued.attempted(), PASSWORD))
        assert await _asked(services) == _NEW.question
        assert await rows(services, pending_questions) == []
        row = await stored(services, BY_QUESTION)
        assert (row["questions_proved"], row["questions_pending_at"]) == (True, None)
        assert ("questions-changed", EMAIL) in await notices(services, BY_QUESTION)
        clock.move(seconds=DELAY)
        assert await _asked(services) == _NEW.question


async def test_r20_questions_with_a_wrong_password(database_url: str) -> None:
    """Both operations reject a wrong previous password and change nothing."""
    async with services_on(database_url) as services:
        caller = await enter(services, BY_QUESTION)
        for call in (
            services.own_account.set_questions(caller, [_NEW], "not the password"),
            services.users.set_questions(caller, caller.user_id, [_NEW], "not the password"),
        ):
            assert await refusal(call) == "previous_password_wrong: The previous password is wrong."
        assert await _asked(services) == _OLD
        assert await notices(services, BY_QUESTION) == []


async def test_r20_other_questions_replace_those_pending(database_url: str) -> None:
    """New questions replace pending ones, and their delay begins anew."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        caller = await enter(services, BY_QUESTION)
        clock.move(seconds=STALE)
        await services.own_account.set_questions(caller, [_NEW, _NEW])
        clock.move(days=1)
        await services.own_account.set_questions(caller, [_OTHER])
        assert await _shown(services, caller) == [_OTHER.question]
        clock.move(seconds=DELAY - 1)
        assert await _asked(services) == _OLD
        clock.move(seconds=1)
        assert await _asked(services) == _OTHER.question


@pytest.mark.parametrize("by_reset", [True, False], ids=["reset", "E13"])
async def test_r20_a_new_password_cancels_questions(database_url: str, *, by_reset: bool) -> None:
    """A reset or change of the password cancels pending questions."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        caller = await enter(services, BY_QUESTION)
        clock.move(seconds=STALE)
        await services.own_account.set_questions(caller, [_NEW])
        if by_reset:
            issued = await ask(services, tenant=BY_QUESTION)
            await services.completion.reset_password(issued.attempted(), PASSWORD)
        else:
            await services.own_account.change_password(caller, OLD_PASSWORD, PASSWORD)
        assert await rows(services, pending_questions) == []
        assert (await outcomes(services))["questions-changed", "cancelled"] == 1
        clock.move(seconds=DELAY)
        assert await _asked(services) == _OLD


async def test_r20_questions_by_an_administrator(database_url: str) -> None:
    """An administrator's change takes effect at once, cancels pending questions, and proves nothing."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        caller = await enter(services, BY_QUESTION)
        boss = Caller(ACCOUNT, BY_QUESTION, "0" * 24, "admin", bytes(16), MAY_UPDATE)
        clock.move(seconds=STALE)
        await services.own_account.set_questions(caller, [_NEW])
        await services.users.set_questions(boss, caller.user_id, [_OTHER])
        assert await _asked(services) == _OTHER.question
        assert await rows(services, pending_questions) == []
        assert not (await stored(services, BY_QUESTION))["questions_proved"]
        # The second event tells that it was somebody else.
        found = await outcomes(services)
        assert found["questions-changed", "at-once"] == found["user-updated", "ok"] == 1


async def test_r20_events_hold_no_questions(database_url: str) -> None:
    """Audit events of a change do not contain the questions."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        caller = await enter(services, BY_QUESTION)
        await services.own_account.set_questions(caller, [_NEW])
        clock.move(seconds=STALE)
        await services.own_account.set_questions(caller, [_OTHER])
        events = await rows(services, audit)
        # But for what the operator did who made the users.
        assert [(each["kind"], each["outcome"]) for each in events if each["outcome"] != "operator"] == [
            ("questions-changed", "at-once"),
            ("questions-changed", "pending"),
        ]
        assert not any(each.question in repr(events) for each in (_NEW, _OTHER))
