"""The threads that hash, and their bounded queue."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from contextlib import closing
from typing import Final

import pytest

from meshydb_server.services.common.errors import OverloadedError
from meshydb_server.services.common.passwords import Passwords
from tests.support.dependencies import CHEAP_HASHER

# Those that may wait, and the two under way.
_MOST: Final = 202


@pytest.mark.anyio
async def test_queue_has_an_end() -> None:
    """A full queue rejects the next call, and serves all that wait."""
    free = threading.Event()
    with closing(Passwords(CHEAP_HASHER)) as passwords:
        try:
            waiting = [asyncio.create_task(passwords.run(free.wait)) for _ in range(_MOST)]
            # One round of the loop lets them all begin to wait.
            await asyncio.sleep(0)
            with pytest.raises(OverloadedError):
                await passwords.hash("correct horse")
        finally:
            free.set()
        assert all(await asyncio.gather(*waiting))
        assert await passwords.verify(await passwords.hash("correct horse"), "correct horse")


@pytest.mark.anyio
async def test_who_is_admitted_is_served() -> None:
    """Admitted work is done even after the queue has filled up; other work is rejected."""
    free = threading.Event()
    with closing(Passwords(CHEAP_HASHER)) as passwords:
        others = contextvars.copy_context()
        with passwords.admit():
            waiting = [asyncio.create_task(passwords.run(free.wait), context=others.copy()) for _ in range(_MOST)]
            # One round of the loop lets them all begin to wait.
            await asyncio.sleep(0)
            served = asyncio.create_task(passwords.hash("correct horse"))
            refused = asyncio.create_task(passwords.hash("correct horse"), context=others.copy())
            await asyncio.wait([refused])
            free.set()
            assert await served
        assert isinstance(refused.exception(), OverloadedError)
        assert all(await asyncio.gather(*waiting))


@pytest.mark.anyio
async def test_nobody_is_admitted_to_a_full_queue() -> None:
    """A full queue admits nothing, and an admission does not last."""
    free = threading.Event()
    with closing(Passwords(CHEAP_HASHER)) as passwords:
        with passwords.admit():
            pass
        waiting = [asyncio.create_task(passwords.run(free.wait)) for _ in range(_MOST)]
        await asyncio.sleep(0)
        try:
            with pytest.raises(OverloadedError), passwords.admit():
                pass
            with pytest.raises(OverloadedError):
                await passwords.hash("correct horse")
        finally:
            free.set()
        await asyncio.gather(*waiting)


@pytest.mark.anyio
async def test_no_hash_is_no_password() -> None:
    """Without a hash every password is wrong, at the same cost."""
    with closing(Passwords(CHEAP_HASHER)) as passwords:
        assert not await passwords.verify(None, "nobody's password")
