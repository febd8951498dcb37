"""Transactions that may take long, in threads of their own: scans, which only read, and long writes.

They end when their time is over, when their caller leaves, and scans also when the database is closed: between
statements, where they check, and inside of them, where the database interrupts them.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Event, Lock
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy.exc import DBAPIError

from meshydb_server.storage.engine.codes import code_of
from meshydb_server.storage.engine.errors import ScanTimeoutError

T = TypeVar("T")

Check: TypeAlias = Callable[[], None]
"""Raises ScanTimeoutError if the work has to stop."""

SCANNERS: Final = 2
"""So many scans run at the same time, in each process."""

# For work without a limit of its own.
UNLIMITED: Final = math.inf

# The error codes of SQLite and PostgreSQL for a statement that was interrupted.
_INTERRUPTED: Final = {"SQLITE_INTERRUPT", "57014"}
# Seconds until a statement is interrupted again. It may have begun after the first time.
_PAUSE_SECONDS: Final = 0.05
# Seconds of work after which a scan gives way. A rest would be most of the time of one that takes no longer.
_BRIEF_SECONDS: Final = 0.01
# Seconds after another transaction in which a scan still gives way.
_BUSY_SECONDS: Final = 0.02
# A scan that gives way rests so many times as long as it has worked, but not longer than so many seconds.
_REST: Final = 4.0
_LONGEST_REST_SECONDS: Final = 0.01


class Others:
    """Tells scans whether other transactions run.

    Threads of Python take turns, each as long as the others. Scans would get most of the time of a busy server.
    """

    def __init__(self) -> None:
        self._last = -math.inf

    def note(self) -> None:
        """Note that a transaction begins."""
        self._last = time.monotonic()

    def are_busy(self) -> bool:
        """Whether one has begun just now."""
        return time.monotonic() - self._last < _BUSY_SECONDS


class LongWork:
    """Work that runs in a thread, and when it has to stop."""

    def __init__(self, closing: Event, others: Others) -> None:
        self._end = math.inf
        self._closing = closing
        self._others = others
        self._worked_since = math.inf
        self._worked = 0.0
        self._rest_left = 0.0
        self._stopped = Event()
        self._interrupt: Callable[[], object] | None = None
        self._lock = Lock()

    def begin(self, seconds: float) -> None:
        """Let its time begin."""
        self._worked_since = time.monotonic()
        self._end = self._worked_since + seconds
        # Without a limit, it writes, and those it would give way to wait for it.
        self._rest_left = 0.0 if seconds == UNLIMITED else seconds

    @property
    def seconds_left(self) -> float:
        """The time that is left."""
        return max(0.0, self._end - time.monotonic())

    def is_over(self) -> bool:
        """Whether it has to stop."""
        return self.seconds_left == 0 or self._stopped.is_set() or self._closing.is_set()

    def check(self) -> None:
        """Raise ScanTimeoutError if it has to stop. Unless it is brief, rests while others are busy.

        Together, the rests take as long as the work may take, at most.
        """
        if self.is_over():
            raise ScanTimeoutError
        worked = time.monotonic() - self._worked_since
        self._worked += worked
        if self._worked > _BRIEF_SECONDS and self._rest_left > 0 and self._others.are_busy():
            rest = min(worked * _REST, _LONGEST_REST_SECONDS, self._rest_left)
            self._rest_left -= rest
            self._end += rest
            time.sleep(rest)
        self._worked_since = time.monotonic()

    @contextmanager
    def interrupted_by(self, interrupt: Callable[[], object] | None = None) -> Generator[None]:
        """Raise ScanTimeoutError if a statement in the block is interrupted: by this function, or by the database.

        The function is called until the block ends if the work has to stop before its time is over.
        """
        with self._lock:
            self._interrupt = interrupt
        try:
            yield
        except DBAPIError as error:
            if self.is_over() and code_of(error) in _INTERRUPTED:
                raise ScanTimeoutError from error
            raise
        finally:
            # Waits for the function, lest it interrupt what the connection does next.
            with self._lock:
                self._interrupt = None

    def stop(self, running: Future[Any]) -> None:
        """Make the work stop, and wait until it has."""
        self._stopped.set()
        while not running.done():
            with self._lock:
                if self._interrupt is not None:
                    self._interrupt()
            wait([running], _PAUSE_SECONDS)


class LongWorkThreads:
    """Threads for one kind of work."""

    def __init__(self, count: int, name: str, others: Others) -> None:
        """Take the number of threads, what they are called, and those to give way to."""
        self._others = others
        self._threads = ThreadPoolExecutor(count, name)
        self._closing = Event()
        # What runs, and what waits.
        self._works = dict[Future[Any], LongWork]()

    async def run(self, function: Callable[[LongWork], T], seconds: float = UNLIMITED) -> T:
        """Run a function. Raises ScanTimeoutError if it has waited for others as long as it may take."""
        latest = time.monotonic() + seconds
        work = LongWork(self._closing, self._others)

        def run() -> T:
            if time.monotonic() > latest:
                raise ScanTimeoutError
            work.begin(seconds)
            return function(work)

        future = self._threads.submit(run)
        self._works[future] = work
        future.add_done_callback(self._works.pop)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if not future.cancel():
                # In a thread, as the database may have to be asked.
                asyncio.get_running_loop().run_in_executor(None, work.stop, future)
            raise

    def close(self) -> None:
        """Stop all work, and wait until it has."""
        self._closing.set()
        for future, work in list(self._works.items()):
            if not future.cancel():
                work.stop(future)
        self._threads.shutdown()

    def finish(self) -> None:
        """Wait until all work is done."""
        self._threads.shutdown()
