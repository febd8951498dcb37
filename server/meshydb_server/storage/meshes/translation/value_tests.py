"""What a filter asks of one value, without the path to it: between the trees of filters and SQL.

Both databases can say of each test whether a value passes, except of `Perhaps`, of which they say which values do not.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from attrs import frozen

from meshydb_server.query.filters.tree import Filter, JsonType, Operator

NUMBERS: Final = frozenset({JsonType.DOUBLE, JsonType.INT, JsonType.LONG})
BOOLEANS: Final = frozenset({JsonType.BOOL})
TEXT: Final = frozenset({JsonType.STRING})


@frozen
class Present:
    """Any value."""


@frozen
class Kinds:
    """The value is of one of these types."""

    types: frozenset[JsonType]


@frozen
class Number:
    """The value is a number that compares so."""

    operator: Operator
    value: float
    """May be an int."""


@frozen
class TextValue:
    """The value is text that compares so, by code points."""

    operator: Operator
    value: str


@frozen
class Boolean:
    """The value is this boolean."""

    value: bool


@frozen
class Among:
    """The value is one of these numbers and texts."""

    numbers: tuple[float, ...]
    texts: tuple[str, ...]


@frozen
class Holds:
    """The value is text that holds this text."""

    part: str


@frozen
class Remainder:
    """The value is a number with this remainder."""

    divisor: int
    remainder: int


@frozen
class Length:
    """The value is an array of so many items."""

    size: int


@frozen
class Items:
    """The value is an array, one of whose items matches: see `ElemMatch`."""

    condition: Filter
    objects: bool


@frozen
class AllOf:
    """The value passes all tests."""

    parts: tuple[ValueTest, ...]


@frozen
class AnyOf:
    """The value passes one of the tests."""

    parts: tuple[ValueTest, ...]


@frozen
class Perhaps:
    """Values that do not pass are not matched. Those that pass may be."""

    part: ValueTest


ValueTest: TypeAlias = (
    Present
    | Kinds
    | Number
    | TextValue
    | Boolean
    | Among
    | Holds
    | Remainder
    | Length
    | Items
    | AllOf
    | AnyOf
    | Perhaps
)
"""What is asked of a value."""

NEVER: Final = AnyOf(())
"""No value passes."""


def passes_arrays(test: ValueTest) -> bool:
    """Whether an array may pass as a whole. Of `Length` and `Items`, it always is one."""
    match test:
        case Present() | Length() | Items():
            return True
        case Kinds(types):
            return JsonType.ARRAY in types
        case AllOf(parts):
            return all(map(passes_arrays, parts))
        case AnyOf(parts):
            return any(map(passes_arrays, parts))
        case Perhaps(part):
            return passes_arrays(part)
        case _:
            return False
