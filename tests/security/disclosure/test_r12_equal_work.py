"""R12: known and unknown users cost the same statements and as many hashes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from typing import Final

import attrs
import pytest

from meshydb_server.services.accounts import NewUser
from meshydb_server.services.common.errors import InvalidRequestError
from meshydb_server.services.recovery.completion import CompletionService
from tests.security.services import (
    ACCOUNT,
    BY_QUESTION,
    BY_TEXT,
    PASSWORD,
    TENANT,
    UNKNOWN,
    USERNAME,
    Issued,
    ask,
    services_on,
    with_passwords,
)
from tests.support.instrumentation import CountingPasswords, statements

pytestmark = pytest.mark.anyio

_ANONYMOUS: Final = "device"
_Calls = dict[str, Callable[[], Awaitable[object]]]


def _calls(completion: CompletionService, issued: Issued) -> _Calls:
    stale = attrs.evolve(issued.wrong, hash=issued.request.hash[:-1] + "_")
    return {
        "check": lambda: completion.check_hash(issued.wrong),
        "check-another-hash": lambda: completion.check_hash(stale),
        "reset": lambda: completion.reset_password(issued.wrong, PASSWORD),
        "reset-another-hash": lambda: completion.reset_password(stale, PASSWORD),
        "reset-weak-password": lambda: completion.reset_password(issued.wrong, "password"),
        "verify": lambda: completion.verify_user(issued.wrong),
    }


_Work = tuple[list[str], int, int, int]


async def _work(passwords: CountingPasswords, call: Callable[[], Awaitable[object]]) -> _Work:
    """The statements of a call, how often it hashes and verifies, and how often Argon2 runs."""
    before = (passwords.hashed, passwords.verified, passwords.worked)
    with statements() as seen, suppress(InvalidRequestError):
        await call()
    texts = [each.text for each in seen]
    return texts, passwords.hashed - before[0], passwords.verified - before[1], passwords.worked - before[2]


async def test_r12_equal_statements_and_hashes(database_url: str) -> None:
    """Each step costs the same statements and hashes for a known, an unknown and an anonymous user."""
    with closing(CountingPasswords()) as passwords:
        async with services_on(database_url, unknown_user="decoy") as services:
            completion = with_passwords(services.completion, passwords)
            for tenant in (TENANT, BY_TEXT, BY_QUESTION):
                await services.accounts.create_user(ACCOUNT, tenant, NewUser(username=_ANONYMOUS, anonymous=True))
                done: dict[str, list[_Work]] = {}
                for name in (USERNAME, UNKNOWN, _ANONYMOUS):

                    async def forgot(name: str = name, tenant: str = tenant) -> object:
                        return await services.recovery.forgot_password(ACCOUNT, tenant, name, 1)

                    # The first request makes the row, and the next ones replace what is in it.
                    for request in ("first request", "second request"):
                        done.setdefault(request, []).append(await _work(passwords, forgot))
                    for what, call in _calls(completion, await ask(services, name, tenant=tenant)).items():
                        done.setdefault(what, []).append(await _work(passwords, call))
                for what, (known, *others) in done.items():
                    assert others == [known, known], (tenant, what)
                assert len(done["first request"][0][0]) == (5 if tenant == BY_QUESTION else 6)
                compared = {what: each[0][2:] for what, each in done.items()}
                looks = 1 if tenant == BY_QUESTION else 0
                assert (compared["check"], compared["reset"]) == ((looks, looks), (looks, looks))
                assert sum(each[0][1] for each in done.values()) == 0
