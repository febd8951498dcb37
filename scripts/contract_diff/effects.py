"""The terms for judging differences.

A schema admits a set of values. A difference makes that set smaller, larger, or both: some values are added and others
removed. Which of them breaks clients depends on who sends the value.
"""

from __future__ import annotations

import enum
from typing import Final

from attrs import frozen

EVERY_OPERATION: Final = "(every operation)"


class Effect(enum.Flag):
    """The effect of a difference on the set of admitted values. `BOTH` also covers what cannot be judged."""

    NEITHER = 0
    NARROWS = enum.auto()
    WIDENS = enum.auto()
    BOTH = NARROWS | WIDENS


class Direction(enum.Enum):
    """Who sends a value. The member's value is the effect that breaks clients."""

    REQUEST = Effect.NARROWS
    """Clients send it: the values that they send now must stay accepted."""

    RESPONSE = Effect.WIDENS
    """The server sends it: clients must not receive values that they do not know now."""

    def breaks(self, effect: Effect) -> bool:
        """Whether a difference with this effect breaks clients."""
        return bool(effect & self.value)


@frozen
class Difference:
    """A difference inside a schema."""

    place: str
    """The field, such as `roles[].name`; empty for the schema itself."""

    what: str
    effect: Effect


@frozen
class Change:
    """A difference between two revisions, with its verdict."""

    operation: str
    """The operationId, or `EVERY_OPERATION`."""

    place: str
    what: str
    breaking: bool
