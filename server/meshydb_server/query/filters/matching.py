"""Which documents match a filter. This is the definition of what is right; databases must find the same documents."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from meshydb_server.query.filters.tree import (
    And,
    Comparison,
    ElemMatch,
    Exists,
    Filter,
    In,
    JsonType,
    Mod,
    Not,
    Operator,
    Or,
    Regex,
    Size,
    TypeOf,
)
from meshydb_server.query.interruption import checkpoint
from meshydb_server.query.values import dates
from meshydb_server.query.values.comparison import Bracket, Key, bracket, key, key_beside
from meshydb_server.query.values.paths import values_at, whole_values_at
from meshydb_server.query.values.types import INT64, MISSING, Found, Value, is_number

_INT32: Final = range(-(2**31), 2**31)


def matches(tree: Filter, document: Value) -> bool:
    """Whether a document matches. The document is not changed."""
    checkpoint()
    return _MATCHERS[type(tree)](tree, document)


def _and(tree: And, document: Value) -> bool:
    return all(matches(part, document) for part in tree.parts)


def _or(tree: Or, document: Value) -> bool:
    return any(matches(part, document) for part in tree.parts)


def _not(tree: Not, document: Value) -> bool:
    return not matches(tree.part, document)


def _comparison(tree: Comparison, document: Value) -> bool:
    return any(_compares(tree, found) for found in values_at(document, tree.path))


def _compares(tree: Comparison, found: Found) -> bool:
    expected = tree.key
    if tree.dated:
        actual = key_beside(found, tree.value)
    elif isinstance(found, list | dict) and bracket(found) != expected[0]:
        return False
    else:
        actual = key(found)
    return actual[0] == expected[0] and _COMPARISONS[tree.operator](actual, expected)


_COMPARISONS: Final[dict[Operator, Callable[[Key, Key], bool]]] = {
    Operator.EQ: lambda actual, expected: actual == expected,
    Operator.GT: lambda actual, expected: actual > expected,
    Operator.GTE: lambda actual, expected: actual >= expected,
    Operator.LT: lambda actual, expected: actual < expected,
    Operator.LTE: lambda actual, expected: actual <= expected,
}


def _in(tree: In, document: Value) -> bool:
    return any(_is_in(tree, found) for found in values_at(document, tree.path))


def _is_in(tree: In, found: Found) -> bool:
    if key(found) in tree.keys:
        return True
    if isinstance(found, str):
        if tree.has_dates:
            instant = dates.parse(found)
            if instant is not None and (int(Bracket.DATE), instant) in tree.keys:
                return True
        return any(pattern.found_in(found) for pattern in tree.patterns)
    # Most differ in length, which costs nothing to see.
    return isinstance(found, list | dict) and any(
        len(found) == len(value) and key_beside(found, value) == expected for value, expected in tree.dated
    )


def _exists(tree: Exists, document: Value) -> bool:
    return any(found is not MISSING for found in values_at(document, tree.path)) is tree.expected


def _type_of(tree: TypeOf, document: Value) -> bool:
    return any(found is not MISSING and _type(found) in tree.types for found in values_at(document, tree.path))


def _type(value: Value) -> JsonType:
    if isinstance(value, int) and not isinstance(value, bool):
        return JsonType.INT if value in _INT32 else JsonType.LONG
    return _TYPES[type(value)]


_TYPES: Final[dict[type, JsonType]] = {
    float: JsonType.DOUBLE,
    str: JsonType.STRING,
    dict: JsonType.OBJECT,
    list: JsonType.ARRAY,
    bool: JsonType.BOOL,
    type(None): JsonType.NULL,
}


def _size(tree: Size, document: Value) -> bool:
    found = whole_values_at(document, tree.path)
    return any(isinstance(value, list) and len(value) == tree.size for value in found)


def _mod(tree: Mod, document: Value) -> bool:
    return any(_remainder(found, tree.divisor) == tree.remainder for found in values_at(document, tree.path))


def _remainder(value: Found, divisor: int) -> int | None:
    if not is_number(value):
        return None
    whole = math.trunc(value)
    if whole not in INT64:
        return None
    remainder = abs(whole) % abs(divisor)
    return -remainder if whole < 0 else remainder


def _regex(tree: Regex, document: Value) -> bool:
    found = values_at(document, tree.path)
    return any(isinstance(value, str) and tree.pattern.found_in(value) for value in found)


def _elem_match(tree: ElemMatch, document: Value) -> bool:
    arrays = (found for found in whole_values_at(document, tree.path) if isinstance(found, list))
    return any(_item_matches(tree, item) for array in arrays for item in array)


def _item_matches(tree: ElemMatch, item: Value) -> bool:
    if not tree.objects:
        return matches(tree.condition, item)
    if isinstance(item, list):
        item = {str(i): value for i, value in enumerate(item)}
    return isinstance(item, dict) and matches(tree.condition, item)


_MATCHERS: Final[dict[type, Callable[[Any, Value], bool]]] = {
    And: _and,
    Or: _or,
    Not: _not,
    Comparison: _comparison,
    In: _in,
    Exists: _exists,
    TypeOf: _type_of,
    Size: _size,
    Mod: _mod,
    Regex: _regex,
    ElemMatch: _elem_match,
}
