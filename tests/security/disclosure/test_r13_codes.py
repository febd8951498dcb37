"""R13: the code of an error reveals no more than its message, in each operation."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
import pytest

from meshydb_server.configuration.settings import Settings
from meshydb_server.http.app import create_app
from meshydb_server.services.accounts import NewUser
from tests.security.services import (
    ACCOUNT,
    BY_QUESTION,
    BY_TEXT,
    PASSWORD,
    TENANT,
    UNKNOWN,
    USERNAME,
    services_on,
)
from tests.support.dependencies import SetClock
from tests.support.error_codes import flaw_in_code

pytestmark = pytest.mark.anyio

_TENANTS: Final = (TENANT, BY_TEXT, BY_QUESTION)
# As long as the other names.
_ANONYMOUS: Final = "device"
_LIMITS: Final[dict[str, Any]] = {"recovery_requests_per_user_per_hour": "4", "recovery_guesses_per_user_per_day": "9"}

_Refusal = tuple[int, str, str]


@asynccontextmanager
async def _hosted(database_url: str, clock: SetClock, unknown_user: str) -> AsyncGenerator[httpx.AsyncClient]:
    """The API of a seeded account, each of whose tenants has an anonymous user."""
    app = create_app(Settings(rate_limit="off", account_rate_limit="off"))
    async with (
        services_on(database_url, clock, unknown_user=unknown_user, **_LIMITS) as services,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as client,
    ):
        app.state.services = services
        for tenant in _TENANTS:
            await services.accounts.create_user(ACCOUNT, tenant, NewUser(username=_ANONYMOUS, anonymous=True))
        yield client


async def _steps(client: httpx.AsyncClient, clock: SetClock, name: str, tenant: str) -> Sequence[_Refusal | int]:
    """The errors that a caller without the code can get in a recovery of a known or unknown user."""
    seen: list[_Refusal | int] = []

    async def call(operation: str, body: dict[str, Any], *, account: str = ACCOUNT, place: str = tenant) -> Any:
        response = await client.post(f"/{account}/users/{operation}", json=body, headers={"tenant": place})
        if not response.is_error:
            seen.append(response.status_code)
            return response.json()
        error = response.json()
        assert flaw_in_code(response.status_code, error) is None, error
        seen.append((response.status_code, error["code"], error["message"]))
        return None

    asked = {"username": name, "attempt": 1}
    nothing = {**asked, "hash": "x", "expires": "2030-01-01T01:00:00.000Z", "hint": "x"}
    given = await call("forgotpassword", asked) or nothing
    # No code or answer is this one.
    wrong = {**given, "verificationCode": "00000000"}
    begun = clock.now
    for body in ({**wrong, "hash": "x"}, {**wrong, "attempt": 2}, {**wrong, "expires": "2031-01-01T00:00:00.000Z"}):
        await call("checkhash", body)
        await call("resetpassword", {**body, "newPassword": PASSWORD})
        await call("verify", body)
    for password in ("short", "password1", name, "12345678"):
        await call("resetpassword", {**wrong, "newPassword": password})
    # More than a request may have, then more than a user may have, on the way past its end.
    for _ in range(2):
        for _ in range(6):
            await call("resetpassword", {**wrong, "newPassword": PASSWORD})
        wrong = {**(await call("forgotpassword", asked) or nothing), "verificationCode": "00000000"}
    clock.move(hours=1)
    await call("resetpassword", {**wrong, "newPassword": PASSWORD})
    clock.now = begun
    for _ in range(3):
        await call("forgotpassword", asked)
    for operation, body in (("forgotpassword", asked), ("resetpassword", {**wrong, "newPassword": PASSWORD})):
        await call(operation, body, place="nroth")
        await call(operation, body, account="nobodys")
    return seen


@pytest.mark.parametrize("unknown_user", ["not_found", "decoy"])
async def test_r13_codes_tell_no_more_than_messages(database_url: str, unknown_user: str) -> None:
    """Two errors with the same status and message have the same code, for each kind of user."""
    clock = SetClock()
    codes: dict[tuple[int, str], set[str]] = defaultdict(set)
    async with _hosted(database_url, clock, unknown_user) as client:
        for tenant in _TENANTS:
            for name in (USERNAME, UNKNOWN, _ANONYMOUS):
                for each in await _steps(client, clock, name, tenant):
                    if not isinstance(each, int):
                        status, code, message = each
                        codes[status, re.sub("[0-9]+", "0", message)].add(code)
    assert {key: found for key, found in codes.items() if len(found) > 1} == {}
    expected = {"code_invalid", "limit_exceeded", "value_invalid", "password_too_common", "unknown_tenant"}
    assert {code for found in codes.values() for code in found} > expected


async def test_r13_decoys_have_the_codes_of_users(database_url: str) -> None:
    """With decoys, a user, an unknown name and an anonymous user get the same codes at each step."""
    clock = SetClock()
    async with _hosted(database_url, clock, "decoy") as client:
        for tenant in _TENANTS:
            known, *others = [await _steps(client, clock, name, tenant) for name in (USERNAME, UNKNOWN, _ANONYMOUS)]
            assert known == others[0] == others[1]
            assert 200 in known
            assert {each[1] for each in known if not isinstance(each, int)} >= {"code_invalid", "limit_exceeded"}
