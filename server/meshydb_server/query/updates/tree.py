"""The tree of an update. Its values are as documents hold them, dates as text, where it says nothing else."""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from attrs import frozen

from meshydb_server.query.filters.tree import Filter
from meshydb_server.query.values.paths import Path
from meshydb_server.query.values.types import Value


@frozen
class Set:
    """`$set`: the value at the path becomes this one."""

    path: Path
    value: Value


@frozen
class Unset:
    """`$unset`: the field goes; an item of an array becomes null."""

    path: Path


@frozen
class Increment:
    """`$inc`: adds to a number. A missing one is 0."""

    path: Path
    amount: int | float


@frozen
class Multiply:
    """`$mul`: multiplies a number. A missing one is 0."""

    path: Path
    factor: int | float


@frozen
class Minimum:
    """`$min`: the value becomes this one where that is less, in the order of sorting. May hold an `Instant`."""

    path: Path
    value: Value


@frozen
class Maximum:
    """`$max`: the value becomes this one where that is greater, in the order of sorting. May hold an `Instant`."""

    path: Path
    value: Value


@frozen
class Rename:
    """`$rename`: moves a field to the path."""

    source: Path
    path: Path


@frozen
class CurrentDate:
    """`$currentDate`: the value becomes the time, as text."""

    path: Path


@frozen
class Push:
    """`$push`: puts values into an array, at the end or at a position, and then cuts it to a length, if any.

    A negative position counts from the end, and a negative slice keeps the last ones.
    """

    path: Path
    values: tuple[Value, ...]
    position: int | None = None
    slice: int | None = None


@frozen
class AddToSet:
    """`$addToSet`: adds those values to the end of an array that do not equal an item of it. May hold an `Instant`."""

    path: Path
    values: tuple[Value, ...]


class PullBy(Enum):
    """What the condition of a `Pull` is held against."""

    ITEM = "item"
    """The item, which the empty path leads to."""
    WRAPPED = "wrapped"
    """A document in which the item is the field with the empty name, so that items that are arrays are searched."""
    OBJECT = "object"
    """The item, where it is an object."""


@frozen
class Pull:
    """`$pull`: removes the items of an array that match the condition."""

    path: Path
    condition: Filter
    by: PullBy


@frozen
class Pop:
    """`$pop`: removes the last item of an array, or the first."""

    path: Path
    first: bool


Operation: TypeAlias = (
    Set | Unset | Increment | Multiply | Minimum | Maximum | Rename | CurrentDate | Push | AddToSet | Pull | Pop
)
"""What an update does at one path."""


@frozen
class Update:
    """The operations of an update, in the order in which they are applied. No path is, or leads to, another."""

    operations: tuple[Operation, ...]
