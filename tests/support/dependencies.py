"""Clocks and random dependencies that a test controls."""

from __future__ import annotations

import itertools
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from argon2 import PasswordHasher

from meshydb_server.services.common.dependencies import Dependencies

# Argon2id all the same, for passwords that nobody is after.
CHEAP_HASHER: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class SetClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime = datetime(2030, 1, 1, tzinfo=UTC)) -> None:
        self.now = now
        self.calls = 0

    def __call__(self) -> datetime:
        """The current time."""
        self.calls += 1
        return self.now

    def move(self, **by: float) -> None:
        """Move it on, by what `timedelta` takes."""
        self.now += timedelta(**by)


class ShiftedClock:
    """The current time, shifted for a while."""

    def __init__(self) -> None:
        self._shift = timedelta()

    def __call__(self) -> datetime:
        """The shifted time."""
        return datetime.now(UTC) + self._shift

    @contextmanager
    def at(self, time: datetime) -> Generator[None]:
        """Shift the clock to another time until the block ends."""
        self._shift = time - datetime.now(UTC)
        try:
            yield
        finally:
            self._shift = timedelta()


class CountedRandom:
    """A random source that gives the same bytes in each run, and different ones in each call."""

    def __init__(self, first: int = 1) -> None:
        self._calls = itertools.count(first)

    def __call__(self, count: int) -> bytes:
        """The next bytes."""
        return next(self._calls).to_bytes(count, "big")


def known_dependencies(clock: SetClock | None = None) -> Dependencies:
    """Dependencies that give the same in each run."""
    return Dependencies(clock=clock or SetClock(), randomness=CountedRandom(), hasher=CHEAP_HASHER)
