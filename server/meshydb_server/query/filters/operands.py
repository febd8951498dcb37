"""Checks what stands beside the operators of a filter."""

from __future__ import annotations

import math
from typing import Final

from meshydb_server.query.errors import Place
from meshydb_server.query.filters.tree import JsonType
from meshydb_server.query.values.types import INT64, RegularExpression, Value, is_number, whole

_CODES: Final = {
    -1: "minKey", 1: "double", 2: "string", 3: "object", 4: "array", 5: "binData", 6: "undefined", 7: "objectId",
    8: "bool", 9: "date", 10: "null", 11: "regex", 12: "dbPointer", 13: "javascript", 14: "symbol",
    15: "javascriptWithScope", 16: "int", 17: "timestamp", 18: "long", 19: "decimal", 127: "maxKey",
}  # fmt: skip
_ALIASES: Final = frozenset(_CODES.values())
_JSON_TYPES: Final = frozenset(item.value for item in JsonType)
_NUMBERS: Final = frozenset({JsonType.DOUBLE, JsonType.INT, JsonType.LONG})
_PAIR: Final = 2


def divisor_and_remainder(value: Value, place: Place) -> tuple[int, int]:
    """The two numbers of `$mod`, without their fractions. Raises QueryError."""
    numbers = [math.trunc(item) for item in value if is_number(item)] if isinstance(value, list) else []
    if not isinstance(value, list) or not len(value) == len(numbers) == _PAIR or not all(n in INT64 for n in numbers):
        raise place.error("it takes an array of a divisor and a remainder, both integers of 64 bits")
    if numbers[0] == 0:
        raise place.error("the divisor is 0")
    return numbers[0], numbers[1]


def types(value: Value, place: Place) -> frozenset[JsonType]:
    """The types that `$type` names, by name or number. Raises QueryError."""
    if isinstance(value, list) and not value:
        raise place.error("it takes at least one type")
    result: set[JsonType] = set()
    for item in value if isinstance(value, list) else [value]:
        code = whole(item)
        name = _CODES.get(code) if code is not None else item
        if name == "number":
            result |= _NUMBERS
        elif not isinstance(name, str) or name not in _ALIASES:
            raise place.error("it takes the name or the number of a type, or an array of them")
        elif name in _JSON_TYPES:
            result.add(JsonType(name))
    return frozenset(result)


def require_no_patterns(value: Value, place: Place) -> None:
    """Raise QueryError for a regular expression, also inside an array or object."""
    if isinstance(value, RegularExpression):
        raise place.error("a regular expression cannot stand here")
    if isinstance(value, list):
        for i, item in enumerate(value):
            require_no_patterns(item, place.child(i))
    elif isinstance(value, dict):
        for name, item in value.items():
            require_no_patterns(item, place.child(name))


def require_no_operators(value: Value, place: Place) -> None:
    """Raise QueryError for an object of operators."""
    for name in value if isinstance(value, dict) else ():
        if name.startswith("$"):
            raise place.child(name).error("an operator cannot stand in this array")
