"""A bound on how many do something at a time."""

import asyncio
from collections import deque

import httpx


class Places:
    """So many places for the tasks of one event loop; who finds none waits in turn, and leaves nothing behind.

    As asyncio's semaphore, with a bound on the time. It is looked at when a place becomes free, as every request has a
    bound of its own: a timer for each that waits would cost more than the waiting.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting = deque[tuple[asyncio.Future[None], float]]()

    async def take(self, seconds: float) -> None:
        """Take a place.

        Raises:
            httpx.PoolTimeout: None became free in time.
        """
        if self._free:
            self._free -= 1
            return
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append((turn, loop.time() + seconds))
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.exception() is None:
                # It came to be one's turn just as one was cancelled.
                self.give_back()
            raise

    def give_back(self) -> None:
        """Let the next one have the place."""
        while self._waiting:
            turn, deadline = self._waiting.popleft()
            if turn.done():
                continue
            if turn.get_loop().time() < deadline:
                turn.set_result(None)
                return
            turn.set_exception(httpx.PoolTimeout("timed out waiting for one of the connections"))
        self._free += 1
