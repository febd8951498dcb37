"""Scans: reading transactions that may take long, in threads of their own, and with a limit on their time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Final, TypeVar

from meshydb_server.storage.engine.errors import ScanTimeoutError

T = TypeVar("T")

SCANNERS: Final = 2
"""So many scans run at the same time, in each process."""


class ScanClock:
    """The time that a scan has left. It begins when the scan does."""

    def __init__(self, seconds: float, closing: Event) -> None:
        self._end = time.monotonic() + seconds
        self._closing = closing

    def check(self) -> None:
        """Raise ScanTimeoutError if the scan has to stop."""
        if time.monotonic() >= self._end or self._closing.is_set():
            raise ScanTimeoutError


class ScanThreads:
    """Runs scans, which stop when the database is closed."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(SCANNERS, "scan")
        self._closing = Event()

    async def run(self, work: Callable[[ScanClock], T], seconds: float) -> T:
        """Run a scan. Raises ScanTimeoutError if it has waited for others as long as it may take."""
        latest = time.monotonic() + seconds

        def run() -> T:
            if time.monotonic() > latest:
                raise ScanTimeoutError
            return work(ScanClock(seconds, self._closing))

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    def close(self) -> None:
        """Stop all scans."""
        self._closing.set()
        self._threads.shutdown(cancel_futures=True)
