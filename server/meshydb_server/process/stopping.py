"""Stops a server process in time, whatever is still running.

A service manager kills a process some time after SIGTERM. The server stops within 20 seconds, and at once if possible.
New requests are rejected, running requests and deliveries finish, then the database is closed. Work that hangs is
aborted, and the process ends at its deadline. Nothing is lost: whatever was acknowledged is committed, and unsent
messages stay in the outbox.
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

# All are counted from the signal, except the time for requests, which uvicorn counts from a moment later.
DRAIN_SECONDS: Final = 10
_DELIVERIES_SECONDS: Final = 11.0
_PROCESS_SECONDS: Final = 16.0
# A supervisor takes up to a second to forward a signal.
SUPERVISOR_SECONDS: Final = 17.5
# Time for a cancelled task to end. Background work needs a moment to clean up.
_END_SECONDS: Final = 3.0

_log = logging.getLogger(__name__)


async def ended(task: asyncio.Task[Any]) -> None:
    """Wait until a cancelled task has ended, for at most three seconds."""
    await asyncio.wait({task}, timeout=_END_SECONDS)


class Deadline:
    """Ends the process some time after a stop signal, if it has not ended by then."""

    def __init__(self, seconds: float, last: Callable[[], object]) -> None:
        """Take the seconds from the signal to the end, and a function to call before the process is ended."""
        self._seconds = seconds
        self._last = last
        self._signalled = threading.Event()

    def watch(self, on_signal: Callable[[], object] = lambda: None) -> None:
        """Handle SIGTERM and SIGINT before the current handlers do. Call it in the main thread.

        A signal calls `on_signal`, and starts the time.
        """
        # Created now: a signal handler must not start threads.
        threading.Thread(target=self._end, name="deadline", daemon=True).start()

        def wrap(previous: Callable[[int, FrameType | None], Any]) -> Callable[[int, FrameType | None], None]:
            def handle(number: int, frame: FrameType | None) -> None:
                self._signalled.set()
                on_signal()
                previous(number, frame)

            return handle

        for number in (signal.SIGTERM, signal.SIGINT):
            previous = signal.getsignal(number)
            if callable(previous):
                signal.signal(number, wrap(previous))

    def _end(self) -> None:
        self._signalled.wait()
        time.sleep(self._seconds)
        _log.error("The server did not stop within %s seconds; aborting what is still running.", self._seconds)
        self._last()
        # sys.exit would wait for threads that hang.
        os._exit(0)


class Stopping:
    """Tells the parts of a server process to stop, all at the same time. `requested` is set then."""

    def __init__(self) -> None:
        self.requested = asyncio.Event()
        self._begun: float | None = None
        self._callbacks: list[Callable[[], object]] = []

    def watch(self) -> None:
        """Begin to stop at SIGTERM or SIGINT, and start the deadline then. Call it in the main thread."""
        Deadline(_PROCESS_SECONDS, lambda: None).watch(self._begin_soon)

    def on_stop(self, callback: Callable[[], object]) -> None:
        """Register a callback for the stop."""
        self._callbacks.append(callback)

    def begin(self) -> None:
        """Call all callbacks, once."""
        if self._begun is not None:
            return
        self._begun = asyncio.get_running_loop().time()
        self.requested.set()
        for callback in self._callbacks:
            callback()

    def seconds_for_deliveries(self) -> float:
        """Seconds that running deliveries may still take, once the stop has begun."""
        begun = asyncio.get_running_loop().time() if self._begun is None else self._begun
        return max(0.0, begun + _DELIVERIES_SECONDS - asyncio.get_running_loop().time())

    def _begin_soon(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            # The loop is not running: nothing has started that would need to know.
            return
        loop.call_soon_threadsafe(self.begin)
