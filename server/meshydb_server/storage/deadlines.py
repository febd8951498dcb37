"""The time by which a transaction must be over, however long the database does not answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Final

_current: Final = ContextVar[asyncio.Timeout | None]("deadline", default=None)


@asynccontextmanager
async def deadline(seconds: float) -> AsyncGenerator[None]:
    """Cancel the block after so many seconds. Raises TimeoutError then."""
    loop = asyncio.get_running_loop()
    end = time.monotonic() + seconds

    handle: asyncio.TimerHandle | None = None
    async with asyncio.timeout(None) as timeout:

        def strike() -> None:
            nonlocal handle
            # Tests let the loop's time fly. The database is as slow as ever.
            if (left := end - time.monotonic()) > 0:
                handle = loop.call_later(left, strike)
            else:
                timeout.reschedule(loop.time())

        handle = loop.call_later(seconds, strike)
        token = _current.set(timeout)
        try:
            yield
        finally:
            _current.reset(token)
            handle.cancel()


def is_overdue() -> bool:
    """Whether the deadline of the running transaction has passed, rather than that its caller has left."""
    timeout = _current.get()
    return timeout is not None and timeout.expired()
