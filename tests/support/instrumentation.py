"""Parts that do their real work, and let a test count it, hold it up or break it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import attrs
from sqlalchemy import Engine, event

from meshydb_server.services.common.keys import Key, Keyring
from meshydb_server.services.common.passwords import Passwords
from tests.support.dependencies import CHEAP_HASHER

T = TypeVar("T")


class CountingPasswords(Passwords):
    """Hashes, and counts the calls."""

    def __init__(self) -> None:
        super().__init__(CHEAP_HASHER)
        self.hashed = 0
        self.verified = 0
        self.worked = 0

    async def hash(self, secret: str) -> str:
        """Hash."""
        self.hashed += 1
        return await super().hash(secret)

    async def verify(self, hashed: str | None, secret: str) -> bool:
        """Verify."""
        self.verified += 1
        return await super().verify(hashed, secret)

    async def run(self, work: Callable[[], T]) -> T:
        """Run what takes long."""
        self.worked += 1
        return await super().run(work)


class MeetingPasswords(Passwords):
    """Hashes, and returns when a number of calls have finished hashing."""

    def __init__(self, count: int) -> None:
        super().__init__(CHEAP_HASHER)
        self._meeting = asyncio.Barrier(count)

    async def hash(self, secret: str) -> str:
        """Hash."""
        hashed = await super().hash(secret)
        await self._meeting.wait()
        return hashed


class BrokenPasswords(Passwords):
    """Fails to verify any secret."""

    def __init__(self) -> None:
        super().__init__(CHEAP_HASHER)

    async def verify(self, hashed: str | None, secret: str) -> bool:
        """Fail."""
        del hashed, secret
        raise ComparisonError


class BrokenKeyring(Keyring):
    """Finds the key that signed a handle, and fails to authenticate codes with it."""

    def find(self, key_id: bytes) -> Key | None:
        """Find a key."""
        found = super().find(key_id)
        broken: Any = None
        return None if found is None else attrs.evolve(found, codes=broken)


@asynccontextmanager
async def crowded(passwords: Passwords) -> AsyncGenerator[None]:
    """Keep the hashing queue full until the block ends."""
    free = threading.Event()
    waiting = [asyncio.create_task(passwords.run(free.wait)) for _ in range(202)]
    # One round of the loop lets them all begin to wait.
    await asyncio.sleep(0)
    try:
        yield
    finally:
        free.set()
        await asyncio.gather(*waiting)


class ComparisonError(Exception):
    """A comparison failed."""


@attrs.frozen
class Statement:
    """A statement as it was run."""

    text: str
    parameters: Any


@contextmanager
def statements() -> Generator[list[Statement]]:
    """Record the statements that any database runs until the block ends, in order."""
    seen: list[Statement] = []

    def see(_connection: object, _cursor: object, text: str, parameters: Any, _context: object, _many: object) -> None:
        if text.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            seen.append(Statement(text, parameters))

    event.listen(Engine, "before_cursor_execute", see)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", see)
