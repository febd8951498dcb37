"""Builds the tree of an update from a parsed object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from meshydb_server.query.errors import Place
from meshydb_server.query.filters.building import LOGICAL, MAX_VALUES, FilterBuilder
from meshydb_server.query.filters.operands import require_no_patterns
from meshydb_server.query.syntax.reading import stored_form
from meshydb_server.query.updates.tree import (
    AddToSet,
    CurrentDate,
    Increment,
    Maximum,
    Minimum,
    Multiply,
    Operation,
    Pop,
    Pull,
    PullBy,
    Push,
    Rename,
    Set,
    Unset,
    Update,
)
from meshydb_server.query.values.paths import MAX_PARTS, Path, split
from meshydb_server.query.values.types import Document, RegularExpression, Value, is_number, whole

_REFUSED: Final = frozenset({"$setOnInsert", "$pullAll", "$pushAll", "$bit"})
_MODIFIERS: Final = frozenset({"$each", "$slice", "$position"})


def build_update(value: Value, place: Place) -> Update:
    """The update that an object states. Raises QueryError."""
    if isinstance(value, list):
        raise place.error("pipelines are not supported")
    if not isinstance(value, dict) or not value:
        raise place.error("it must be an object of operators such as $set")
    filters = FilterBuilder()
    operations: list[tuple[Operation, Place]] = []
    for name, fields in value.items():
        inner = place.child(name)
        if name not in _BUILDERS:
            raise inner.error(_unknown(name))
        if not isinstance(fields, dict):
            raise inner.error("it takes an object of paths")
        for path, operand in fields.items():
            here = inner.child(path)
            operations.append((_BUILDERS[name](_path(path, here), operand, here, filters), here))
    _require_apart(operations)
    # New fields come in this order, as in MongoDB.
    return Update(tuple(sorted((operation for operation, _ in operations), key=_by_path)))


def _path(name: str, place: Place) -> Path:
    path = split(name)
    if path[0] == "_id":
        raise place.error("_id cannot be changed")
    if any(part.startswith("$") for part in path):
        raise place.error("the positional operators are not supported, and no name begins with $")
    if not all(path):
        raise place.error("no part of a path is empty")
    if len(path) > MAX_PARTS:
        raise place.error(f"a path has at most {MAX_PARTS} parts")
    return path


def _require_apart(operations: list[tuple[Operation, Place]]) -> None:
    """Raise QueryError for a path that is changed twice, or that leads to another."""
    taken: set[Path] = set()
    on_the_way: set[Path] = set()
    for operation, place in operations:
        for path in (operation.source, operation.path) if isinstance(operation, Rename) else (operation.path,):
            ways = [path[:length] for length in range(1, len(path))]
            if path in taken or path in on_the_way or not taken.isdisjoint(ways):
                raise place.error("the path, or a part of it, is changed twice")
            taken.add(path)
            on_the_way.update(ways)


def _by_path(operation: Operation) -> list[tuple[str, int, str]]:
    # Numbers by their value, among other names where "1" is.
    return [("1", len(part), part) if part[0] in "123456789" else (part, 0, "") for part in operation.path]


def _set(path: Path, operand: Value, place: Place, _filters: FilterBuilder) -> Operation:
    return Set(path, stored_form(operand, place))


def _unset(path: Path, _operand: Value, _place: Place, _filters: FilterBuilder) -> Operation:
    return Unset(path)


def _increment(path: Path, operand: Value, place: Place, _filters: FilterBuilder) -> Operation:
    return Increment(path, _number(operand, place))


def _multiply(path: Path, operand: Value, place: Place, _filters: FilterBuilder) -> Operation:
    return Multiply(path, _number(operand, place))


def _number(operand: Value, place: Place) -> int | float:
    if not is_number(operand):
        raise place.error("it takes a number")
    return operand


def _minimum(path: Path, operand: Value, place: Place, _filters: FilterBuilder) -> Operation:
    stored_form(operand, place)
    return Minimum(path, operand)


def _maximum(path: Path, operand: Value, place: Place, _filters: FilterBuilder) -> Operation:
    stored_form(operand, place)
    return Maximum(path, operand)


def _rename(path: Path, operand: Value, place: Place, _filters: FilterBuilder) -> Operation:
    if not isinstance(operand, str):
        raise place.error("it takes the new path as text")
    return Rename(path, _path(operand, place))


def _current_date(path: Path, operand: Value, place: Place, _filters: FilterBuilder) -> Operation:
    if not isinstance(operand, bool) and operand != {"$type": "date"}:
        raise place.error('it takes true or {"$type": "date"}')
    return CurrentDate(path)


def _push(path: Path, operand: Value, place: Place, _filters: FilterBuilder) -> Operation:
    values = _each(operand, place, _MODIFIERS)
    modifiers: Document = operand if isinstance(operand, dict) and "$each" in operand else {}
    bounds: dict[str, int | None] = {}
    for name in ("$position", "$slice"):
        bounds[name] = whole(modifiers[name]) if name in modifiers else None
        if name in modifiers and bounds[name] is None:
            raise place.child(name).error("it takes an integer")
    stored = tuple(stored_form(value, place) for value in values)
    return Push(path, stored, bounds["$position"], bounds["$slice"])


def _add_to_set(path: Path, operand: Value, place: Place, _filters: FilterBuilder) -> Operation:
    return AddToSet(path, _each(operand, place, frozenset({"$each"})))


def _each(operand: Value, place: Place, modifiers: frozenset[str]) -> tuple[Value, ...]:
    """The values to add, which may hold an `Instant`, but else are as documents hold them. Raises QueryError."""
    if not isinstance(operand, dict) or not any(name.startswith("$") for name in operand):
        stored_form(operand, place)
        return (operand,)
    for name in operand:
        if name not in modifiers:
            raise place.child(name).error("it cannot stand here")
    values = operand.get("$each")
    inner = place.child("$each")
    if not isinstance(values, list):
        raise inner.error("it takes an array")
    if len(values) > MAX_VALUES:
        raise inner.error(f"it takes at most {MAX_VALUES} values")
    stored_form(values, inner)
    return tuple(values)


def _pull(path: Path, operand: Value, place: Place, filters: FilterBuilder) -> Operation:
    first = next(iter(operand), "") if isinstance(operand, dict) else ""
    if isinstance(operand, dict) and (first in LOGICAL or not first.startswith("$")):
        return Pull(path, filters.document(operand, place), PullBy.OBJECT)
    if isinstance(operand, dict | RegularExpression):
        return Pull(path, filters.field(("",), operand, place), PullBy.WRAPPED)
    require_no_patterns(operand, place)
    return Pull(path, filters.literal((), operand, place), PullBy.ITEM)


def _pop(path: Path, operand: Value, place: Place, _filters: FilterBuilder) -> Operation:
    if whole(operand) not in {1, -1}:
        raise place.error("it takes 1 for the last item, or -1 for the first")
    return Pop(path, operand == -1)


_BUILDERS: Final[dict[str, Callable[[Path, Value, Place, FilterBuilder], Operation]]] = {
    "$set": _set,
    "$unset": _unset,
    "$inc": _increment,
    "$mul": _multiply,
    "$min": _minimum,
    "$max": _maximum,
    "$rename": _rename,
    "$currentDate": _current_date,
    "$push": _push,
    "$addToSet": _add_to_set,
    "$pull": _pull,
    "$pop": _pop,
}


def _unknown(name: str) -> str:
    if not name.startswith("$"):
        return "an update names operators, such as $set, not fields"
    return "the operator is not supported" if name in _REFUSED else "there is no such operator here"
