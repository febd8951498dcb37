"""Connection slots: a semaphore whose wait has a deadline."""

import asyncio
import math
from collections import deque

import httpx


class Places:
    """A semaphore for the tasks of one event loop. Tasks wait in order for a free slot.

    Like asyncio's semaphore, but each wait has a deadline. One timer runs for the earliest deadline, because a timer
    for each waiting task would cost more than the wait.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting = deque[tuple[asyncio.Future[None], float]]()
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = math.inf

    async def take(self, deadline: float) -> None:
        """Acquire a slot.

        Args:
            deadline: The time to stop waiting, on the clock of the loop.

        Raises:
            httpx.PoolTimeout: No slot became free in time.
        """
        if self._free:
            self._free -= 1
            return
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append((turn, deadline))
        if deadline < self._wakes_at:
            self._wake_at(deadline, loop)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.exception() is None:
                # The task got a slot just as it was cancelled.
                self.give_back()
            raise

    def give_back(self) -> None:
        """Release a slot to the next waiting task."""
        while self._waiting:
            turn, _ = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _wake_at(self, deadline: float, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(deadline, self._send_away, loop)
        self._wakes_at = deadline

    def _send_away(self, loop: asyncio.AbstractEventLoop) -> None:
        """Raise PoolTimeout in tasks whose deadline has passed, and set the timer for the next deadline."""
        self._timer, self._wakes_at = None, math.inf
        still = deque[tuple[asyncio.Future[None], float]]()
        for turn, deadline in self._waiting:
            if turn.done():
                continue
            if deadline <= loop.time():
                turn.set_exception(httpx.PoolTimeout("timed out waiting for one of the connections"))
            else:
                still.append((turn, deadline))
        self._waiting = still
        if still:
            self._wake_at(min(deadline for _, deadline in still), loop)
