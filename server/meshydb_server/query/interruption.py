"""Lets callers stop an evaluation in the middle of a document.

A document of megabytes and a filter of hundreds of conditions take minutes together, though each is within its bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_check: Final = ContextVar[Callable[[], None] | None]("check", default=None)


@contextmanager
def interruptible(check: Callable[[], None]) -> Generator[None]:
    """Call a function before each condition that is evaluated in the block. It may raise an error, which ends it."""
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


def checkpoint() -> None:
    """End the evaluation if its caller wants that."""
    check = _check.get()
    if check is not None:
        check()
