"""Lets contenders take turns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def in_turn(contenders: Iterable[T], number: int) -> list[T]:
    """The contenders in the order of a round: each round begins with another of them."""
    every = [*contenders]
    first = number % len(every)
    return every[first:] + every[:first]
