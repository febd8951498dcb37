"""R22: a proof covers one channel. A user who has proved any channel can log in."""

from __future__ import annotations

import itertools
from typing import Any, Final

import pytest

from meshydb_server.runtime import Services
from meshydb_server.services.accounts import TenantChange
from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.errors import OAuthError
from meshydb_server.services.logins.issuing import IssuedTokens
from meshydb_server.services.recovery.verification import IssuedRequest
from meshydb_server.services.users.new_users import NewUser
from meshydb_server.services.users.profiles import Profile, ProfileChange
from meshydb_server.services.users.questions import NewQuestion
from meshydb_server.services.users.service import UserSearch
from meshydb_server.storage.accounts import Verification
from meshydb_server.storage.schema import users
from tests.security.services import (
    ACCOUNT,
    ANSWERS,
    EMAIL,
    MAY_UPDATE,
    OLD_PASSWORD,
    PASSWORD,
    PHONE,
    TENANT,
    USERNAME,
    Issued,
    ask,
    log_in,
    rows,
    sent_codes,
    services_on,
)
from tests.security.users.authenticators import CHANNELS, Channel, ask_all, enter, stored

pytestmark = pytest.mark.anyio

_MODES: Final[tuple[Verification, ...]] = ("email", "text", "question")
_SWITCHES: Final = [*itertools.product(_MODES, _MODES)]
_QUESTION: Final = "What was your first pet called?"
_QUESTIONS: Final = [NewQuestion(_QUESTION, ANSWERS[_QUESTION])]
_PROVED: Final = {"email": "email_proved", "text": "phone_proved", "question": "questions_proved"}
_NAME: Final = "newcomer"


async def _configure(services: Services, verification: Verification) -> None:
    await services.accounts.configure_tenant(ACCOUNT, TENANT, TenantChange(verification=verification))


async def _register(services: Services, mode: Verification) -> Issued | None:
    """Register a user where codes are sent, or questions asked; returns what they have to verify."""
    before = await sent_codes(services)
    questions = _QUESTIONS if mode == "question" else []
    new = NewUser(username=_NAME, email=EMAIL, phone=PHONE, password=PASSWORD, questions=questions)
    request = await services.registration.register(ACCOUNT, TENANT, new)
    return None if request is None else await _issued(services, request, before)


async def _issued(services: Services, request: IssuedRequest, before: dict[str, str]) -> Issued:
    code = next((code for key, code in (await sent_codes(services)).items() if key not in before), "")
    return Issued(account=ACCOUNT, tenant=TENANT, request=request, code=code or ANSWERS[_QUESTION])


async def _reset(services: Services) -> None:
    """Reset the password to the same one, by what the tenant asks for."""
    before = await sent_codes(services)
    request = await services.recovery.forgot_password(ACCOUNT, TENANT, _NAME, 1)
    issued = await _issued(services, request, before)
    await services.completion.reset_password(issued.attempted(), PASSWORD)


async def _log_in(services: Services) -> IssuedTokens:
    return await log_in(services, PASSWORD, username=_NAME)


async def _refused(services: Services) -> None:
    with pytest.raises(OAuthError, match="The user is not verified"):
        await _log_in(services)


async def _row(services: Services) -> dict[str, Any]:
    (row,) = [row for row in await rows(services, users) if row["username"] == _NAME]
    return row


async def _shown(services: Services, user_id: str) -> Profile:
    return await services.users.read(_boss(), user_id)


def _boss(tenant: str = TENANT) -> Caller:
    return Caller(ACCOUNT, tenant, "0" * 24, "admin", bytes(16), MAY_UPDATE)


@pytest.mark.parametrize(("first", "then"), _SWITCHES)
async def test_r22_proved_nothing(database_url: str, first: Verification, then: Verification) -> None:
    """A user who has proved nothing cannot log in after a switch before they prove the new channel."""
    async with services_on(database_url) as services:
        await _configure(services, first)
        if first == "question":
            # To register here is a proof. An operator may add somebody without one.
            new = NewUser(username=_NAME, email=EMAIL, phone=PHONE, password=PASSWORD, verified=False)
            await services.accounts.create_user(ACCOUNT, TENANT, new)
        else:
            await _register(services, first)
        await _refused(services)
        await _configure(services, then)
        await _refused(services)
        if then == "question":
            row = await _row(services)
            await services.users.set_questions(_boss(), row["user_id"], _QUESTIONS)
            # The answer is of whoever set the questions: it sets a password, and admits nobody.
            await _reset(services)
            await _refused(services)
            row = await _row(services)
            assert not any(row[name] for name in ("verified", *_PROVED.values()))
            return
        await _reset(services)
        await _log_in(services)
        row = await _row(services)
        assert [name for name in _PROVED.values() if row[name]] == [_PROVED[then]]


@pytest.mark.parametrize(("first", "then"), _SWITCHES)
async def test_r22_proved_one(database_url: str, first: Verification, then: Verification) -> None:
    """A user who has proved one channel can log in after any switch, and is verified for that channel only."""
    async with services_on(database_url) as services:
        await _configure(services, first)
        issued = await _register(services, first)
        if issued is not None:
            await services.completion.verify_user(issued.attempted())
        row = await _row(services)
        assert [name for name in _PROVED.values() if row[name]] == [_PROVED[first]]
        await _configure(services, then)
        tokens = await _log_in(services)
        assert tokens.access_token
        assert (await _shown(services, row["user_id"])).user.verified == (first == then)


@pytest.mark.parametrize(("first", "then"), [each for each in _SWITCHES if len({*each}) == 2])
async def test_r22_proved_two(database_url: str, first: Verification, then: Verification) -> None:
    """A user who has proved two channels is verified in both, and can still log in with one of them."""
    async with services_on(database_url) as services:
        await _configure(services, first)
        issued = await _register(services, first)
        if issued is not None:
            await services.completion.verify_user(issued.attempted())
        user_id = (await _row(services))["user_id"]
        await _configure(services, then)
        if then == "question":
            caller = await services.tokens.authenticate(ACCOUNT, TENANT, (await _log_in(services)).access_token)
            await services.own_account.set_questions(caller, _QUESTIONS)
        await _reset(services)
        for mode in _MODES:
            await _configure(services, mode)
            await _log_in(services)
            assert (await _shown(services, user_id)).user.verified == (mode in {first, then})
        await _configure(services, then)
        for mode in (then, first):
            await _log_in(services)
            await _configure(services, mode)
            change = ProfileChange(email=EMAIL, phone=PHONE, verified=False)
            assert not (await services.users.update(_boss(), user_id, change)).user.verified
        await _refused(services)
        change = ProfileChange(email=EMAIL, phone=PHONE, verified=True)
        assert (await services.users.update(_boss(), user_id, change)).user.verified
        await _log_in(services)


@pytest.mark.parametrize(("first", "then"), [("email", "text"), ("text", "email")])
async def test_r22_codes_prove_how_they_were_sent(database_url: str, first: Verification, then: Verification) -> None:
    """A code proves the channel that it was sent through, even after the tenant was switched."""
    async with services_on(database_url) as services:
        await _configure(services, first)
        issued = await _register(services, first)
        assert issued
        await _configure(services, then)
        await services.completion.verify_user(issued.attempted())
        row = await _row(services)
        assert [name for name in _PROVED.values() if row[name]] == [_PROVED[first]]
        reset = await ask(services)
        await _configure(services, first)
        await services.completion.reset_password(reset.attempted(), PASSWORD)
        row = await stored(services, TENANT)
        assert (row["email_proved"], row["phone_proved"]) == (True, then == "text")


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.contact)
async def test_r22_a_changed_address(database_url: str, channel: Channel) -> None:
    """A changed address is unproved until a reset by its code; the user can still log in."""
    async with services_on(database_url) as services:
        caller = await enter(services, channel.tenant)
        assert (await services.own_account.read(caller)).user.verified
        assert not (await services.own_account.update(caller, channel.change(channel.new))).user.verified
        await log_in(services, OLD_PASSWORD, tenant=channel.tenant)
        codes = await ask_all(services, channel.tenant)
        await services.completion.reset_password(codes[channel.new].attempted(), PASSWORD)
        assert (await _shown_in(services, channel.tenant, caller.user_id)).user.verified


async def _shown_in(services: Services, tenant: str, user_id: str) -> Profile:
    return await services.users.read(_boss(tenant), user_id)


async def test_r22_sent_back_as_read(database_url: str) -> None:
    """Sending a user back unchanged changes nothing."""
    async with services_on(database_url) as services:
        user_id = (await stored(services, TENANT))["user_id"]
        for mode in _MODES:
            # The user has proved their email address; the tenant shows whether that is the channel it has.
            await _configure(services, mode)
            before = await stored(services, TENANT)
            read = (await _shown(services, user_id)).user
            assert read.verified == (mode == "email")
            change = ProfileChange(email=read.email, phone=read.phone, verified=read.verified, is_active=True)
            await services.users.update(_boss(), user_id, change)
            assert await stored(services, TENANT) == before
        await log_in(services, OLD_PASSWORD)


@pytest.mark.parametrize("verified", [True, False])
@pytest.mark.parametrize("mode", _MODES)
async def test_r22_created_by_others(database_url: str, mode: Verification, *, verified: bool) -> None:
    """A user created by others is verified for the tenant's current channel, or by having questions."""
    async with services_on(database_url) as services:
        await _configure(services, mode)
        questions = _QUESTIONS if mode == "question" else []
        new = NewUser(
            username=_NAME, email=EMAIL, phone=PHONE, password=PASSWORD, questions=questions, verified=verified
        )
        created = await services.users.create(_boss(), new)
        assert created.user.verified == verified
        row = await _row(services)
        assert [name for name in _PROVED.values() if row[name]] == ([_PROVED[mode]] if verified else [])
        if verified or mode == "question":
            await _log_in(services)
        else:
            await _refused(services)


async def test_r22_anonymous_users_are_not_verified(database_url: str) -> None:
    """Anonymous users can log in and are never verified."""
    async with services_on(database_url) as services:
        device = await services.accounts.create_user(ACCOUNT, TENANT, NewUser(username=_NAME, anonymous=True))
        changed = await services.users.update(_boss(), device.user_id, ProfileChange(verified=True))
        assert not changed.user.verified
        assert not (await _row(services))["verified"]
        await log_in(services, "nopassword", username=_NAME)


async def test_r22_searches_sort_by_the_channel(database_url: str) -> None:
    """Searches sort users by the verified flag that they show."""
    async with services_on(database_url) as services:
        await services.accounts.create_user(ACCOUNT, TENANT, NewUser(username=_NAME, verified=False))
        await _configure(services, "text")
        for name, phone in (("by.phone", PHONE), ("by.hand", None)):
            new = NewUser(username=name, phone=phone, verified=phone is not None)
            await services.accounts.create_user(ACCOUNT, TENANT, new)
        sorted_by: list[tuple[Verification, str]] = [("text", "by.phone"), ("email", USERNAME)]
        for mode, first in sorted_by:
            await _configure(services, mode)
            found = await services.users.search(_boss(), UserSearch(order_by="{verified: -1}"))
            shown = [(each.user.username, each.user.verified) for each in found.results]
            assert shown[0] == (first, True)
            assert [verified for _, verified in shown[1:]] == [False, False, False]
