"""A deadline for transactions, which holds even if the database never responds."""

from __future__ import annotations

import asyncio
import time
from contextvars import ContextVar
from types import TracebackType
from typing import Final, Self


class Deadline:
    """Cancels the running task's work in the block after some seconds, and then raises TimeoutError.

    Works like `asyncio.timeout` at a third of its cost, and uses a clock other than the loop's: tests advance the
    loop's clock, while the database takes real time.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._passed = False

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None, "Transactions are run by tasks."  # noqa: S101 - the event loop sees to it
        self._task = task
        self._loop = task.get_loop()
        self._cancelling = task.cancelling()
        self._end = time.monotonic() + self._seconds
        self._handle = self._loop.call_later(self._seconds, self._expire)
        self._token = _current.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _current.reset(self._token)
        self._handle.cancel()
        # If something else has cancelled the task meanwhile, that is not a timeout.
        if self._passed and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return self._passed

    def _expire(self) -> None:
        left = self._end - time.monotonic()
        if left > 0:
            self._handle = self._loop.call_later(left, self._expire)
        else:
            self._passed = True
            self._task.cancel()


def is_overdue() -> bool:
    """Whether the deadline of the running transaction has passed. False if its caller has left."""
    current = _current.get()
    return current is not None and current.passed


_current: Final = ContextVar[Deadline | None]("deadline", default=None)
