"""Recoveries survive a server that is killed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from meshydb import AsyncMeshyClient, BadRequestError, MeshyError, UserVerificationHash
from meshydb_server.configuration.settings import Settings
from meshydb_server.runtime import open_services
from meshydb_server.services.accounts import NewUser
from tests.support.commands import CHEAP, Served

_ACCOUNT: Final = "acme"
_RECOVERIES: Final = 1000
# One in so many goes on to a new password at once, while others are still asking for their codes.
_RESETS_EACH: Final = 10
_AT_ONCE: Final = 16
_KILLED_AFTER: Final = 600
_USED_AGAIN: Final = 30
_FIRST_PASSWORD: Final = "a first new password"  # noqa: S105 - of users who live as long as this test
_SECOND_PASSWORD: Final = "a second new password"  # noqa: S105 - likewise


class _Users:
    """Users who recover their passwords, and what they were told had been done."""

    def __init__(self, settings: Settings, url: str, served: Served) -> None:
        self._settings = settings
        self._url = url
        self._served = served
        self.asked: dict[str, UserVerificationHash] = {}
        self.reset: set[str] = set()

    def client(self) -> AsyncMeshyClient:
        """A client that tries nothing twice."""
        return AsyncMeshyClient(_ACCOUNT, None, "unused", base_url=self._url, max_retries=0)

    async def recover(self) -> None:
        """Recover until the server is gone, which is killed on the way."""
        names = iter([f"user-{number}" for number in range(_RECOVERIES)])
        async with self.client() as client, open_services(self._settings) as services:

            async def work() -> None:
                for number, name in enumerate(names):
                    self.asked[name] = await client.forgot_password(name)
                    if len(self.asked) == _KILLED_AFTER:
                        self._served.send(signal.SIGKILL)
                    if number % _RESETS_EACH == 0:
                        codes = {m.username: code for m, code in await services.outbox.messages()}
                        await client.reset_password(self.asked[name], _code(codes, name), _FIRST_PASSWORD)
                        self.reset.add(name)

            results = await asyncio.gather(*(work() for _ in range(_AT_ONCE)), return_exceptions=True)
        # Each worker was cut off in the middle of a request.
        assert [type(result) for result in results if not isinstance(result, MeshyError)] == []


@pytest.mark.anyio
async def test_kill_loses_nothing_and_nothing_is_usable_twice(tmp_path: Path) -> None:
    """After kill -9 during 1,000 recoveries, each acknowledged one is stored, and each code works once."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'meshydb.sqlite3'}"
    settings = Settings(database_url=url)
    async with open_services(settings) as services:
        await services.accounts.create_account(_ACCOUNT)
        news = [NewUser(username=f"user-{number}", email="user@example.org") for number in range(_RECOVERIES)]
        await asyncio.gather(*(services.accounts.create_user(_ACCOUNT, None, new) for new in news))
    with Served(tmp_path, program=CHEAP, database_url=url, rate_limit="off") as served:
        users = _Users(settings, served.url, served)
        await users.recover()
    assert _KILLED_AFTER <= len(users.asked) < _RECOVERIES
    assert users.reset
    async with open_services(settings) as services:
        codes = {m.username: code for m, code in await services.outbox.messages() if m.kind == "reset"}
    assert users.asked.keys() <= codes.keys()
    with Served(tmp_path, program=CHEAP, database_url=url, rate_limit="off") as served:
        async with _Users(settings, served.url, served).client() as client:
            good = {name for name, reset in users.asked.items() if await client.check_hash(reset, _code(codes, name))}
            # What was acknowledged as used is used; what was asked for and not used is good; of those that were cut
            # off in the middle, each may be either.
            assert not good & users.reset
            assert len(users.asked.keys() - users.reset - good) <= _AT_ONCE
            for name in sorted(good)[:_USED_AGAIN]:
                reset, code = users.asked[name], _code(codes, name)
                await client.reset_password(reset, code, _SECOND_PASSWORD)
                with pytest.raises(BadRequestError):
                    await client.reset_password(reset, code, _SECOND_PASSWORD)


def _code(codes: Mapping[str, str | None], name: str) -> str:
    code = codes[name]
    assert code is not None
    return code
