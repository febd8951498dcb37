"""The tree of a filter.

`$ne`, `$nin` and `$nor` are `Not` of their counterparts, and `$all` is an `And`. A condition with a path is met where
one of the values at the path meets it (see `values.paths.values_at`). Inside `ElemMatch`, the empty path is the item.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from attrs import field, frozen

from meshydb_server.query.values.comparison import Bracket, Key, holds_instant, key
from meshydb_server.query.values.paths import Path
from meshydb_server.query.values.regex import Pattern
from meshydb_server.query.values.types import Value


@frozen
class And:
    """All parts match. Without parts, it matches every document."""

    parts: tuple[Filter, ...] = ()


@frozen
class Or:
    """At least one part matches."""

    parts: tuple[Filter, ...]


@frozen
class Not:
    """The part does not match: the exact complement."""

    part: Filter


class Operator(StrEnum):
    """The operators of comparisons."""

    EQ = "$eq"
    GT = "$gt"
    GTE = "$gte"
    LT = "$lt"
    LTE = "$lte"


@frozen
class Comparison:
    """A value at the path compares so with the literal, inside its type bracket. Null means missing, too."""

    path: Path
    operator: Operator
    value: Value
    key: Key = field(init=False, eq=False, repr=False)
    """What orders the literal: see `values.comparison`."""
    dated: bool = field(init=False, eq=False, repr=False)
    """Whether the literal is a date or holds one."""

    def __attrs_post_init__(self) -> None:
        """Derive the rest."""
        object.__setattr__(self, "key", key(self.value))
        object.__setattr__(self, "dated", holds_instant(self.value))


@frozen
class In:
    """A value at the path equals one of the values, or is text in which one of the patterns is found."""

    path: Path
    values: tuple[Value, ...]
    patterns: tuple[Pattern, ...] = ()
    keys: frozenset[Key] = field(init=False, eq=False, repr=False)
    """The keys of the values that hold no date, and of plain dates."""
    dated: tuple[tuple[list[Value] | dict[str, Value], Key], ...] = field(init=False, eq=False, repr=False)
    """The arrays and objects that hold dates, with their keys."""
    has_dates: bool = field(init=False, eq=False, repr=False)
    """Whether there are plain dates."""

    def __attrs_post_init__(self) -> None:
        """Derive the rest."""
        dated = tuple((v, key(v)) for v in self.values if isinstance(v, list | dict) and holds_instant(v))
        keys = frozenset(key(value) for value in self.values)
        object.__setattr__(self, "keys", keys)
        object.__setattr__(self, "dated", dated)
        object.__setattr__(self, "has_dates", any(bracket == Bracket.DATE for bracket, _ in keys))


@frozen
class Exists:
    """There is a value at the path, be it null, or there is none."""

    path: Path
    expected: bool


class JsonType(StrEnum):
    """The types of `$type` that JSON has. The others of MongoDB are taken, and no value is of them."""

    DOUBLE = "double"
    STRING = "string"
    OBJECT = "object"
    ARRAY = "array"
    BOOL = "bool"
    NULL = "null"
    INT = "int"
    """An integer of 32 bits."""
    LONG = "long"
    """An integer of more than 32 bits."""


@frozen
class TypeOf:
    """A value at the path is of one of the types."""

    path: Path
    types: frozenset[JsonType]


@frozen
class Size:
    """The value at the path is an array of so many items."""

    path: Path
    size: int


@frozen
class Mod:
    """A number at the path, without its fraction, has this remainder. The remainder has the sign of the number."""

    path: Path
    divisor: int
    remainder: int


@frozen
class Regex:
    """The pattern is found in a text at the path."""

    path: Path
    pattern: Pattern


@frozen
class ElemMatch:
    """The value at the path is an array, and one of its items matches the condition.

    Where `objects` is true, the condition is that of a document: only objects and arrays are items that can match, and
    an array is taken as an object with its indexes as names. Else the paths of the condition are empty.
    """

    path: Path
    condition: Filter
    objects: bool


Filter: TypeAlias = And | Or | Not | Comparison | In | Exists | TypeOf | Size | Mod | Regex | ElemMatch
"""A condition on a document."""

MATCH_ALL = And()
"""Matches every document: the filter `{}`."""


def count_conditions(tree: Filter) -> int:
    """How many conditions on values a filter has."""
    match tree:
        case And(parts) | Or(parts):
            return sum(map(count_conditions, parts))
        case Not(part):
            return count_conditions(part)
        case ElemMatch(_, condition):
            return 1 + count_conditions(condition)
        case _:
            return 1
