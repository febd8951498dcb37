"""Builds a pipeline from a parsed array, so that what is wrong is refused when a projection is created."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from meshydb_server.query.errors import Kind, Place
from meshydb_server.query.filters.building import FilterBuilder
from meshydb_server.query.projections import fields
from meshydb_server.query.projections.stages import (
    Accumulation,
    Accumulator,
    ByObject,
    Count,
    Group,
    Limit,
    Match,
    Pipeline,
    Skip,
    Sort,
    SortByCount,
    Stage,
    Unwind,
)
from meshydb_server.query.sorting import build_order
from meshydb_server.query.syntax.reading import read
from meshydb_server.query.values.paths import Path
from meshydb_server.query.values.types import INT64, Document, Value, is_number, whole

MAX_STAGES: Final = 20
_REFUSED: Final = frozenset(
    {
        "$addFields", "$bucket", "$bucketAuto", "$facet", "$graphLookup", "$lookup", "$redact", "$replaceRoot",
        "$sample",
    }
)  # fmt: skip


def parse_pipeline(source: object) -> Pipeline:
    """The pipeline that text or a list states. Raises QueryError."""
    place = Place(Kind.PROJECTION_INVALID)
    value = read(source, place)
    if not isinstance(value, list):
        raise place.error("it must be an array of stages")
    if len(value) > MAX_STAGES:
        raise place.error(f"it has more than {MAX_STAGES} stages")
    filters = FilterBuilder()
    return Pipeline(tuple(_stage(stage, place.child(i), filters) for i, stage in enumerate(value)))


def _stage(value: Value, place: Place, filters: FilterBuilder) -> Stage:
    if not isinstance(value, dict) or len(value) != 1:
        raise place.error("a stage is an object with one member, such as $match")
    name, operand = next(iter(value.items()))
    inner = place.child(name)
    if name == "$match":
        return Match(filters.document(operand, inner))
    if name not in _BUILDERS:
        raise inner.error("the stage is not supported" if name in _REFUSED else "there is no such stage")
    return _BUILDERS[name](operand, inner)


def _unwind(operand: Value, place: Place) -> Stage:
    if not isinstance(operand, dict):
        return Unwind(fields.path_of(operand, place))
    for name in operand:
        if name not in {"path", "includeArrayIndex", "preserveNullAndEmptyArrays"}:
            raise place.child(name).error("it takes path, includeArrayIndex and preserveNullAndEmptyArrays")
    index_name = operand.get("includeArrayIndex")
    if index_name is not None:
        index_name = fields.name_of(index_name, place.child("includeArrayIndex"))
    keeps_empty = operand.get("preserveNullAndEmptyArrays", False)
    if not isinstance(keeps_empty, bool):
        raise place.child("preserveNullAndEmptyArrays").error("it is true or false")
    return Unwind(fields.path_of(operand.get("path"), place.child("path")), index_name, keeps_empty)


def _group(operand: Value, place: Place) -> Stage:
    if not isinstance(operand, dict) or "_id" not in operand:
        raise place.error("it takes an object with _id")
    accumulators = [_accumulator(name, value, place.child(name)) for name, value in operand.items() if name != "_id"]
    return Group(_group_key(operand["_id"], place.child("_id")), tuple(accumulators))


def _group_key(value: Value, place: Place) -> Path | ByObject | None:
    if value is None:
        return None
    if isinstance(value, dict):
        members = [
            (fields.name_of(name, place.child(name)), fields.path_of(item, place.child(name)))
            for name, item in value.items()
        ]
        return ByObject(tuple(members))
    return fields.path_of(value, place)


def _accumulator(name: str, value: Value, place: Place) -> Accumulator:
    fields.name_of(name, place)
    if not isinstance(value, dict) or len(value) != 1:
        raise place.error("it takes an object with one accumulator, such as $sum")
    accumulator, operand = next(iter(value.items()))
    inner = place.child(accumulator)
    if accumulator not in _ACCUMULATIONS:
        raise inner.error(f"the accumulators are {', '.join(sorted(_ACCUMULATIONS))}")
    if is_number(operand):
        return Accumulator(name, Accumulation(accumulator), operand)
    return Accumulator(name, Accumulation(accumulator), fields.path_of(operand, inner))


def _sort_by_count(operand: Value, place: Place) -> Stage:
    return SortByCount(fields.path_of(operand, place))


def _count(operand: Value, place: Place) -> Stage:
    return Count(fields.name_of(operand, place))


def _sort(operand: Value, place: Place) -> Stage:
    if not isinstance(operand, dict) or not operand:
        raise place.error("it takes an object of paths and directions")
    return Sort(build_order(operand, place))


def _skip(operand: Value, place: Place) -> Stage:
    return Skip(_number(operand, place, 0))


def _limit(operand: Value, place: Place) -> Stage:
    return Limit(_number(operand, place, 1))


def _number(operand: Value, place: Place, least: int) -> int:
    count = whole(operand)
    if count is None or count < least or count not in INT64:
        raise place.error(f"it takes an integer of 64 bits, of {least} or more")
    return count


def _project(operand: Value, place: Place) -> Stage:
    if not isinstance(operand, dict) or not operand:
        raise place.error("it takes an object of at least one field")
    return fields.projection(_flat(operand, place), place)


def _flat(operand: Document, place: Place) -> list[tuple[str, Value, Place]]:
    """The fields of a projection by their dotted names: `{a: {b: 1}}` says the same as `{"a.b": 1}`."""
    result: list[tuple[str, Value, Place]] = []
    for name, value in operand.items():
        inner = place.child(name)
        if not isinstance(value, dict):
            result.append((name, value, inner))
        elif not value or any(key.startswith("$") for key in value):
            raise inner.error("expressions are not supported; a field is kept, dropped, or the value of a path")
        else:
            result.extend((f"{name}.{below}", item, at) for below, item, at in _flat(value, inner))
    return result


_ACCUMULATIONS: Final = frozenset(item.value for item in Accumulation)
_BUILDERS: Final[dict[str, Callable[[Value, Place], Stage]]] = {
    "$project": _project,
    "$unwind": _unwind,
    "$group": _group,
    "$sortByCount": _sort_by_count,
    "$count": _count,
    "$sort": _sort,
    "$skip": _skip,
    "$limit": _limit,
}
