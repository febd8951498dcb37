"""What each operation makes of the value at its path. `MISSING` stands for a field that is not there."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from meshydb_server.query.errors import Kind, Place
from meshydb_server.query.filters.matching import matches
from meshydb_server.query.filters.tree import Filter
from meshydb_server.query.syntax.reading import stored_form
from meshydb_server.query.updates.tree import (
    AddToSet,
    CurrentDate,
    Increment,
    Maximum,
    Minimum,
    Multiply,
    Pop,
    Pull,
    PullBy,
    Push,
    Set,
    Unset,
)
from meshydb_server.query.values import dates
from meshydb_server.query.values.comparison import Bracket, key, key_beside
from meshydb_server.query.values.types import INT64, MISSING, Found, Instant, Value, is_number


class UnfitError(Exception):
    """The value is none that the operation can change. The message says why."""


def changed(operation: object, value: Found, now: str) -> Found:
    """The value after the operation, of any kind but `Rename`. The given value is not changed. Raises UnfitError."""
    return _CHANGES[type(operation)](operation, value, now)


def _set(operation: Set, _value: Found, _now: str) -> Found:
    return operation.value


def _unset(_operation: Unset, _value: Found, _now: str) -> Found:
    return MISSING


def _current_date(_operation: CurrentDate, _value: Found, now: str) -> Found:
    return now


def _increment(operation: Increment, value: Found, _now: str) -> Found:
    return operation.amount if value is MISSING else _storable(_number(value) + operation.amount)


def _multiply(operation: Multiply, value: Found, _now: str) -> Found:
    # Zero of the type of the factor.
    return type(operation.factor)(0) if value is MISSING else _storable(_number(value) * operation.factor)


def _number(value: Value) -> int | float:
    if not is_number(value):
        raise UnfitError("the value is not a number")
    return value


def _storable(number: float) -> int | float:
    if number not in INT64 if isinstance(number, int) else not math.isfinite(number):
        raise UnfitError("the result is out of range")
    return number


def _minimum(operation: Minimum, value: Found, _now: str) -> Found:
    less = value is MISSING or key(operation.value) < key_beside(value, operation.value)
    return _stored(operation.value) if less else value


def _maximum(operation: Maximum, value: Found, _now: str) -> Found:
    greater = value is MISSING or key(operation.value) > key_beside(value, operation.value)
    return _stored(operation.value) if greater else value


def _stored(value: Value) -> Value:
    return stored_form(value, Place(Kind.UPDATE_INVALID))


def _push(operation: Push, value: Found, _now: str) -> Found:
    items = [] if value is MISSING else list(_array(value))
    position = len(items) if operation.position is None else operation.position
    # As Python counts: from the end where negative, and no further than the ends.
    items[position:position] = operation.values
    if operation.slice is None:
        return items
    # The last 0 are none.
    return items[: operation.slice] if operation.slice >= 0 else items[operation.slice :]


def _add_to_set(operation: AddToSet, value: Found, _now: str) -> Found:
    items = [] if value is MISSING else list(_array(value))
    present = {key(item) for item in items}
    if any(isinstance(literal, Instant) for literal in operation.values):
        present |= {(int(Bracket.DATE), dates.parse(item)) for item in items if isinstance(item, str)}
    for literal in operation.values:
        item = _stored(literal)
        if present.isdisjoint({key(literal), key(item)}):
            present |= {key(literal), key(item)}
            items.append(item)
    return items


def _pull(operation: Pull, value: Found, _now: str) -> Found:
    if value is MISSING:
        return MISSING
    is_pulled = _PULLED_BY[operation.by]
    return [item for item in _array(value) if not is_pulled(operation.condition, item)]


_PULLED_BY: Final[dict[PullBy, Callable[[Filter, Value], bool]]] = {
    PullBy.ITEM: matches,
    PullBy.WRAPPED: lambda condition, item: matches(condition, {"": item}),
    PullBy.OBJECT: lambda condition, item: isinstance(item, dict) and matches(condition, item),
}


def _pop(operation: Pop, value: Found, _now: str) -> Found:
    if value is MISSING:
        return MISSING
    items = _array(value)
    return items[1:] if operation.first else items[:-1]


def _array(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise UnfitError("the value is not an array")
    return value


_CHANGES: Final[dict[type, Callable[[Any, Found, str], Found]]] = {
    Set: _set,
    Unset: _unset,
    Increment: _increment,
    Multiply: _multiply,
    Minimum: _minimum,
    Maximum: _maximum,
    CurrentDate: _current_date,
    Push: _push,
    AddToSet: _add_to_set,
    Pull: _pull,
    Pop: _pop,
}
