"""How values compare.

Every value has a key: a type bracket and what orders the values inside it. Keys of equal values are equal and hash
alike, and keys of any two values can be ordered. The order is that of MongoDB, with the types that JSON has: null and
missing, numbers, text by code points, objects member by member, arrays item by item, booleans. Integers and doubles
compare exactly, true is not 1, and the order of an object's members counts.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Any, Final, TypeAlias

from meshydb_server.query.values import dates
from meshydb_server.query.values.types import MISSING, Document, Found, Instant, RegularExpression, Value

Key: TypeAlias = tuple[int, Any]


class Bracket(IntEnum):
    """The type brackets, in their order. Filters compare inside one bracket only; sorting orders all of them."""

    EMPTY_ARRAY = 0
    """Only for sorting: an array without items that stands at the end of a path."""
    NULL = 1
    NUMBER = 2
    TEXT = 3
    OBJECT = 4
    ARRAY = 5
    BOOLEAN = 6
    DATE = 7
    """A date literal, or text that is compared with one."""


NULL_KEY: Final[Key] = (int(Bracket.NULL), 0)
EMPTY_ARRAY_KEY: Final[Key] = (int(Bracket.EMPTY_ARRAY), 0)
# As plain numbers, which compare faster.
_NUMBER, _TEXT, _BOOLEAN = int(Bracket.NUMBER), int(Bracket.TEXT), int(Bracket.BOOLEAN)
_OBJECT, _ARRAY, _DATE = int(Bracket.OBJECT), int(Bracket.ARRAY), int(Bracket.DATE)


def key(value: Found) -> Key:  # noqa: PLR0911 - one for each type
    """The key of a value."""
    if isinstance(value, str):
        return (_TEXT, value)
    if isinstance(value, bool):
        return (_BOOLEAN, value)
    if isinstance(value, int | float):
        return (_NUMBER, value)
    if value is None or value is MISSING:
        return NULL_KEY
    if isinstance(value, list):
        return (_ARRAY, tuple([key(item) for item in value]))
    if isinstance(value, dict):
        return (_OBJECT, tuple([_member(name, key(item)) for name, item in value.items()]))
    if isinstance(value, Instant):
        return (_DATE, value.nanoseconds)
    raise _incomparable(value)


def key_beside(value: Found, literal: Value) -> Key:
    """The key of a stored value that is compared with a literal: text that meets a date there is taken as a date."""
    if isinstance(literal, Instant):
        instant = dates.parse(value) if isinstance(value, str) else None
        return key(value) if instant is None else (_DATE, instant)
    if isinstance(literal, list) and isinstance(value, list):
        beside = len(literal)
        items = [key_beside(item, literal[i]) if i < beside else key(item) for i, item in enumerate(value)]
        return (_ARRAY, tuple(items))
    if isinstance(literal, dict) and isinstance(value, dict):
        return (_OBJECT, tuple(_members_beside(value, literal)))
    return key(value)


def bracket(value: Found) -> int:
    """The type bracket of a value."""
    if isinstance(value, list):
        return _ARRAY
    return _OBJECT if isinstance(value, dict) else key(value)[0]


def holds_instant(value: Value) -> bool:
    """Whether a literal is a date or holds one."""
    return isinstance(value, Instant) or any(holds_instant(child) for child in children(value))


def children(value: Found) -> list[Value]:
    """The items of an array, or the values of an object."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def identical(one: Found, other: Found) -> bool:
    """Whether two values are the same to the letter: 1 and 1.0 are not, nor are 0.0 and -0.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(identical, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(map(identical, one.values(), other.values()))
    if isinstance(one, float) and isinstance(other, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    return one == other


def _members_beside(value: Document, literal: Document) -> list[tuple[int, str, Any]]:
    beside = list(literal.items())
    result: list[tuple[int, str, Any]] = []
    for i, (name, item) in enumerate(value.items()):
        same = i < len(beside) and beside[i][0] == name
        result.append(_member(name, key_beside(item, beside[i][1]) if same else key(item)))
    return result


def _member(name: str, item: Key) -> tuple[int, str, Any]:
    # As MongoDB compares the members of objects: by type, then by name, then by value.
    return (item[0], name, item[1])


def _incomparable(value: RegularExpression) -> TypeError:
    return TypeError(f"{type(value).__name__} has no order.")
