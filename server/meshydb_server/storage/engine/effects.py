"""Whether a request may have changed the database, which decides whether it may be sent again."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final


class Effects:
    """What one request may have done."""

    def __init__(self) -> None:
        self.may_have_changed = False


@contextmanager
def noting_effects() -> Generator[None]:
    """Note the changes of the block, and of the tasks that it starts."""
    token = _current.set(Effects())
    try:
        yield
    finally:
        _current.reset(token)


def note_change() -> None:
    """Note that something may have been changed."""
    if effects := _current.get():
        effects.may_have_changed = True


def has_done_nothing() -> bool:
    """Whether it is certain that nothing was changed."""
    effects = _current.get()
    return effects is not None and not effects.may_have_changed


_current: Final = ContextVar[Effects | None]("effects", default=None)
