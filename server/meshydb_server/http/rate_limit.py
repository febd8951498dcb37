"""The coarse limit on requests of one address. It spares the server; it does not count guesses."""

from __future__ import annotations

import math
import time
from http import HTTPStatus
from typing import Final

from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.exceptions import HTTPException
from starlette.requests import Request

# The contract's bound: a client that is told to wait for a month has been told nothing.
_LONGEST_WAIT: Final = 86_400


class RateLimit:
    """Counts requests by address, in the memory of this process."""

    def __init__(self, notation: str) -> None:
        """Take the limit in the notation of the `limits` library, such as `600/minute`."""
        self._limit = parse(notation)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def check(self, request: Request) -> None:
        """Count the request; raises HTTPException 429 with `Retry-After` when its address has used up the limit."""
        address = request.client.host if request.client else ""
        if await self._limiter.hit(self._limit, address):
            return
        window = await self._limiter.get_window_stats(self._limit, address)
        seconds = min(max(1, math.ceil(window.reset_time - time.time())), _LONGEST_WAIT)
        message = f"Too many requests; ask again in {seconds} seconds."
        raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, message, {"Retry-After": str(seconds)})
