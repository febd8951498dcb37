"""The literals of MongoDB: constructors, such as `ISODate("…")`, and Extended JSON, such as `{"$date": "…"}`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from meshydb_server.query.errors import Place
from meshydb_server.query.values import dates
from meshydb_server.query.values.types import Document, Instant, RegularExpression, Value, is_number, whole

_OBJECT_ID: Final = re.compile("[0-9A-Fa-f]{24}")
_UUID: Final = re.compile("[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_INTEGER: Final = re.compile("[+-]?[0-9]{1,19}")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][+-]?[0-9]{1,4})?")
_MAX_DIGITS: Final = 400
_REFUSED: Final = frozenset(
    {"NaN", "Infinity", "undefined", "MinKey", "MaxKey", "BinData", "HexData", "Timestamp", "DBRef", "function"}
)
_REFUSED_WRAPPERS: Final = frozenset(
    {"$binary", "$code", "$dbPointer", "$maxKey", "$minKey", "$symbol", "$timestamp", "$undefined"}
)


def why_not(word: str) -> str:
    """Why a word is no value."""
    return f"{word} is not supported" if word in _REFUSED else f"{word} is no value; text stands in quotes"


def construct(name: str, arguments: list[Value], place: Place) -> Value:
    """The value that a constructor makes. Raises QueryError."""
    if name == "RegExp":
        if len(arguments) not in {1, 2} or not all(isinstance(argument, str) for argument in arguments):
            raise place.error("RegExp takes a pattern and, if any, options, both as text")
        return RegularExpression(*map(str, arguments))
    if len(arguments) != 1:
        raise place.error(f"{name} takes one argument")
    return CONSTRUCTORS[name](arguments[0], place)


def unwrapped(value: Document, place: Place) -> Value:
    """The value that an object of Extended JSON stands for, or the object itself. Raises QueryError.

    The members of the object are values already.
    """
    wrapper = next((name for name in value if name in _WRAPPERS or name in _REFUSED_WRAPPERS), None)
    if wrapper is None:
        return value
    inner = place.child(wrapper)
    if wrapper in _REFUSED_WRAPPERS:
        raise inner.error("this type is not supported")
    if len(value) > 1:
        raise inner.error("nothing else may stand beside it")
    return _WRAPPERS[wrapper](value[wrapper], inner)


def _object_id(value: Value, place: Place) -> str:
    if not isinstance(value, str) or not _OBJECT_ID.fullmatch(value):
        raise place.error("an ObjectId is text of 24 hexadecimal digits")
    return value.lower()


def _date(value: Value, place: Place) -> Instant:
    milliseconds = whole(value)
    if milliseconds is not None:
        nanoseconds = dates.from_milliseconds(milliseconds)
    else:
        nanoseconds = dates.parse_literal(value) if isinstance(value, str) else None
    if nanoseconds is None:
        raise place.error("a date is text of ISO 8601, or milliseconds since 1970, of the years 1 to 9999")
    return Instant(nanoseconds)


def _integer(bits: int) -> Callable[[Value, Place], int]:
    allowed = range(-(2 ** (bits - 1)), 2 ** (bits - 1))

    def convert(value: Value, place: Place) -> int:
        number = int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else whole(value)
        if number is None or number not in allowed:
            raise place.error(f"this is an integer of {bits} bits, as text or as a number")
        return number

    return convert


def _decimal(value: Value, place: Place) -> int | float:
    """The decimal as an integer where it is one of 64 bits, else as the nearest double."""
    reason = "this is a finite decimal number, as text or as a number"
    if not (isinstance(value, str) or is_number(value)):
        raise place.error(reason)
    text = str(value)
    # Python's Decimal takes more, such as underscores.
    if len(text) > _MAX_DIGITS or not _DECIMAL.fullmatch(text):
        raise place.error(reason)
    decimal = Decimal(text)
    number = float(decimal)
    if not math.isfinite(number):
        raise place.error(reason)
    if -(2**63) <= decimal < 2**63 and decimal == int(decimal):
        return int(decimal)
    return number


def _double(value: Value, place: Place) -> float:
    number = float(_decimal(value, place))
    # Integers have no negative zero.
    return -0.0 if number == 0 and str(value).startswith("-") else number


def _uuid(value: Value, place: Place) -> str:
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise place.error("a UUID is text such as 2d4f1c1e-0000-4000-8000-000000000001")
    return value.lower()


def _regular_expression(value: Value, place: Place) -> RegularExpression:
    if isinstance(value, dict) and set(value) <= {"pattern", "options"}:
        pattern, options = value.get("pattern"), value.get("options", "")
        if isinstance(pattern, str) and isinstance(options, str):
            return RegularExpression(pattern, options)
    raise place.error("a regular expression is an object with pattern and options, both text")


CONSTRUCTORS: Final[dict[str, Callable[[Value, Place], Value]]] = {
    "ObjectId": _object_id,
    "ISODate": _date,
    "Date": _date,
    "NumberInt": _integer(32),
    "NumberLong": _integer(64),
    "NumberDecimal": _decimal,
    "UUID": _uuid,
    "CSUUID": _uuid,
    "JUUID": _uuid,
    "PYUUID": _uuid,
    # Takes two arguments: see `construct`.
    "RegExp": _regular_expression,
}
"""What makes the value of each constructor."""

_WRAPPERS: Final[dict[str, Callable[[Value, Place], Value]]] = {
    "$oid": _object_id,
    "$date": _date,
    "$numberInt": _integer(32),
    "$numberLong": _integer(64),
    "$numberDouble": _double,
    "$numberDecimal": _decimal,
    "$regularExpression": _regular_expression,
}
