"""The terms in which differences are judged.

A schema admits a set of values, and a difference makes that set smaller, larger, or both: some values come and others
go. Which of it breaks depends on who sends the value.
"""

from __future__ import annotations

import enum
from typing import Final

from attrs import frozen

EVERY_OPERATION: Final = "(every operation)"


class Effect(enum.Flag):
    """What a difference does to the set of values that are admitted. `BOTH` also stands for what cannot be judged."""

    NEITHER = 0
    NARROWS = enum.auto()
    WIDENS = enum.auto()
    BOTH = NARROWS | WIDENS


class Direction(enum.Enum):
    """Who sends a value; the value of a member is what breaks."""

    REQUEST = Effect.NARROWS
    """Clients send it: what they send now must be accepted tomorrow."""

    RESPONSE = Effect.WIDENS
    """The server sends it: what clients meet tomorrow must be what they know now."""

    def breaks(self, effect: Effect) -> bool:
        """Whether a difference of this effect breaks clients."""
        return bool(effect & self.value)


@frozen
class Difference:
    """Something that differs inside a schema."""

    place: str
    """The field, such as `roles[].name`; empty for the schema itself."""

    what: str
    effect: Effect


@frozen
class Change:
    """Something that differs between two revisions, and its verdict."""

    operation: str
    """The operationId, or `EVERY_OPERATION`."""

    place: str
    what: str
    breaking: bool
