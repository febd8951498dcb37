"""A bound on how many do something at a time."""

import asyncio
from collections import deque

import httpx


class Places:
    """So many places for the tasks of one event loop; who finds none waits in turn, and leaves nothing behind.

    As asyncio's semaphore, with a bound on the time, and for a third of the cost where hundreds wait.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting = deque[asyncio.Future[None]]()

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
        self._waiting.append(turn)
        bound = loop.call_later(seconds, _give_up, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                # It came to be one's turn just as one was cancelled.
                self.give_back()
            raise
        finally:
            bound.cancel()

    def give_back(self) -> None:
        """Let the next one have the place."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


def _give_up(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(httpx.PoolTimeout("timed out waiting for one of the connections"))
