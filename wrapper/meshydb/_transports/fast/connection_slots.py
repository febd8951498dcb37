"""Connection slots: a semaphore whose wait has a deadline."""

import asyncio
import math
from collections import deque

import httpx


class ConnectionSlots:
    """A semaphore for the tasks of one event loop. Tasks wait in order for a free slot.

    Like asyncio's semaphore, but each wait has a deadline. One timer runs for the earliest deadline, because a timer
    for each waiting task would cost more than the wait.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting = deque[tuple[asyncio.Future[None], float]]()
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = math.inf

    async def acquire(self, deadline: float) -> None:
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
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiting.append((waiter, deadline))
        if deadline < self._wakes_at:
            self._wake_at(deadline, loop)
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled() and waiter.exception() is None:
                # The task got a slot just as it was cancelled.
                self.release()
            raise

    def release(self) -> None:
        """Release a slot to the next waiting task."""
        while self._waiting:
            waiter, _ = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._free += 1

    def _wake_at(self, deadline: float, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(deadline, self._expire, loop)
        self._wakes_at = deadline

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        """Raise PoolTimeout in tasks whose deadline has passed, and set the timer for the next deadline."""
        self._timer, self._wakes_at = None, math.inf
        remaining = deque[tuple[asyncio.Future[None], float]]()
        for waiter, deadline in self._waiting:
            if waiter.done():
                continue
            if deadline <= loop.time():
                waiter.set_exception(httpx.PoolTimeout("timed out waiting for one of the connections"))
            else:
                remaining.append((waiter, deadline))
        self._waiting = remaining
        if remaining:
            self._wake_at(min(deadline for _, deadline in remaining), loop)
