"""How a server process that is told to stop ends in time, whatever is under way.

A service manager kills what has not ended some time after SIGTERM: within 20 seconds all of this is done, at once where
it can be. Requests end, and no new one is taken; messages that are being sent are sent; then the database is closed.
What hangs is cut off, and the process ends at the latest by its deadline. Nothing is lost by that: what was answered is
committed, and what was not sent is still in the outbox.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

# All count from the signal, except for the time that requests have, which uvicorn counts from a moment later.
DRAIN_SECONDS: Final = 10
_LAST_TRIES_SECONDS: Final = 11.0
_PROCESS_SECONDS: Final = 16.0
# A supervisor takes up to a second to pass a signal on.
SUPERVISOR_SECONDS: Final = 17.5
# For a task that was cancelled to end. What works in the background needs a moment to leave things in order.
_END_SECONDS: Final = 3.0

_log = logging.getLogger(__name__)


async def ended(task: asyncio.Task[Any]) -> None:
    """Wait until a task that was cancelled has ended, or for three seconds."""
    await asyncio.wait({task}, timeout=_END_SECONDS)


class Deadline:
    """Ends the process some time after a signal to stop, if that has not happened by itself."""

    def __init__(self, seconds: float, last: Callable[[], object]) -> None:
        """Take the seconds that it has from the signal, and what to do before it is ended."""
        self._seconds = seconds
        self._last = last
        self._told = threading.Event()

    def watch(self, told: Callable[[], object] = lambda: None) -> None:
        """Heed SIGTERM and SIGINT, before whoever heeds them now. Call it in the main thread, which calls `told`."""
        # Made now: it is not for a signal handler to start threads.
        threading.Thread(target=self._end, name="deadline", daemon=True).start()

        def heed(previous: Callable[[int, FrameType | None], Any]) -> Callable[[int, FrameType | None], None]:
            def handle(number: int, frame: FrameType | None) -> None:
                self._told.set()
                told()
                previous(number, frame)

            return handle

        for number in (signal.SIGTERM, signal.SIGINT):
            previous = signal.getsignal(number)
            if callable(previous):
                signal.signal(number, heed(previous))

    def _end(self) -> None:
        self._told.wait()
        time.sleep(self._seconds)
        _log.error("The server did not stop within %s seconds; what is under way is cut off.", self._seconds)
        self._last()
        # Threads that hang would keep sys.exit waiting.
        os._exit(0)


class Stopping:
    """Tells the parts of a server process that it stops, so that they stop together and not one after the other."""

    def __init__(self) -> None:
        self.told = asyncio.Event()
        self._begun: float | None = None
        self._thens: list[Callable[[], object]] = []

    def watch(self) -> None:
        """Begin at SIGTERM or SIGINT, from when the process has a deadline. Call it in the main thread."""
        Deadline(_PROCESS_SECONDS, lambda: None).watch(self._begin_soon)

    def then(self, do: Callable[[], object]) -> None:
        """Have something done when it begins."""
        self._thens.append(do)

    def begin(self) -> None:
        """Tell everybody, unless they have been told."""
        if self._begun is not None:
            return
        self._begun = asyncio.get_running_loop().time()
        self.told.set()
        for do in self._thens:
            do()

    def seconds_for_last_tries(self) -> float:
        """How long the tries under way may still take, once it has begun."""
        begun = asyncio.get_running_loop().time() if self._begun is None else self._begun
        return max(0.0, begun + _LAST_TRIES_SECONDS - asyncio.get_running_loop().time())

    def _begin_soon(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            # It is not running yet, or any more: nothing has begun that would have to be told.
            return
        loop.call_soon_threadsafe(self.begin)
