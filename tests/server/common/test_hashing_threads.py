"""Hashing does not block other requests."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Final

import pytest

from meshydb_server.runtime import open_services
from meshydb_server.services.accounts import NewUser
from meshydb_server.services.logins.service import PasswordLogin
from meshydb_server.services.recovery.guesses import CompletionRequest
from tests.support.server import settings_in

_PASSWORD: Final = "correct horse"  # noqa: S105 - of a user who lives as long as this test
# As many as there are threads for hashing.
_HELD: Final = 2
# If they held up everything else, so would this; then the test goes on, and fails.
_PATIENCE_SECONDS: Final = 5.0


@pytest.mark.anyio
async def test_others_are_served_while_passwords_are_hashed(tmp_path: Path) -> None:
    """While all hashing threads are busy, a login and a reset wait, and other requests get responses."""
    async with open_services(settings_in(tmp_path)) as services:
        (tenant,) = await services.accounts.create_account("acme")
        for name in ("rosa.k", "ben.t", "ida.m"):
            new = NewUser(username=name, email="user@example.org", password=_PASSWORD)
            await services.accounts.create_user("acme", None, new)
        asked = await services.recovery.forgot_password("acme", None, "ben.t", 1)
        ((_, code),) = await services.outbox.messages()
        assert code is not None
        attempted = CompletionRequest(
            account="acme", tenant=None, username="ben.t", attempt=1, hash=asked.hash, expires=asked.expires, code=code
        )
        login = PasswordLogin(
            account="acme",
            tenant=None,
            client_id=tenant.public_key,
            username="rosa.k",
            password=_PASSWORD,
            scope=None,
            issuer="http://localhost",
        )
        free = threading.Event()
        try:
            held = [
                asyncio.create_task(services.tokens.checker.passwords.run(lambda: free.wait(_PATIENCE_SECONDS)))
                for _ in range(_HELD)
            ]
            slow = asyncio.gather(
                services.tokens.log_in(login),
                services.completion.reset_password(attempted, "a new correct horse"),
            )
            for attempt in range(1, 6):
                await services.recovery.forgot_password("acme", None, "ida.m", attempt)
            assert await services.registration.user_exists("acme", None, "rosa.k")
            assert not slow.done()
        finally:
            free.set()
        tokens, _ = await slow
        assert tokens.access_token
        await asyncio.gather(*held)
