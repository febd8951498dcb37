"""The fields that stages name: how they are written, and how they are taken from documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from meshydb_server.query.errors import Place
from meshydb_server.query.projections.stages import CHOSEN, Chosen, Fields, Project
from meshydb_server.query.values.paths import MAX_PARTS, Path, split
from meshydb_server.query.values.types import MISSING, Document, Found, Value

_ID: Final = ("_id",)


def name_of(value: Value, place: Place) -> str:
    """The name of a field that a stage makes. Raises QueryError."""
    if not isinstance(value, str) or not value or value.startswith("$") or "." in value:
        raise place.error("the name of a field is text that does not begin with $ and holds no .")
    return value


def path_of(value: Value, place: Place) -> Path:
    """The path that text such as `$a.b` names. Raises QueryError."""
    if not isinstance(value, str) or not value.startswith("$") or value.startswith("$$"):
        raise place.error("it takes a path as text, such as $name")
    return _path(value[1:], place)


def projection(fields: list[tuple[str, Value, Place]], place: Place) -> Project:
    """What `$project` says by its fields. Raises QueryError."""
    said: dict[Path, bool | Path] = {}
    for name, value, inner in fields:
        path = _path(name, inner)
        if any(path[: len(other)] == other[: len(path)] for other in said):
            raise inner.error("the path, or a part of it, stands twice")
        if isinstance(value, str):
            said[path] = path_of(value, inner)
        elif isinstance(value, bool | int | float):
            said[path] = bool(value)
        else:
            raise inner.error("a field is kept by 1, dropped by 0, or the value of a path such as $name")
    # _id may be kept or dropped beside either.
    others = [value for path, value in said.items() if path != _ID or not isinstance(value, bool)]
    keeps = any(others) if others else said[_ID] is True
    if keeps and False in others:
        raise place.error("fields are either kept or dropped; only _id may be dropped beside kept ones")
    if keeps and not any(path[:1] == _ID for path in said):
        said[_ID] = True
    stated = {path: CHOSEN if value is keeps else value for path, value in said.items()}
    return Project(keeps, tree_of({path: field for path, field in stated.items() if not isinstance(field, bool)}))


def value_of(value: Found, path: Path) -> Found:
    """The value of a path in the stages: of an array on the way, an array of what its objects have there."""
    for i, part in enumerate(path):
        if isinstance(value, list):
            return _values_of(value, path[i:])
        value = value.get(part, MISSING) if isinstance(value, dict) else MISSING
    return value


def _values_of(array: list[Value], path: Path) -> list[Value]:
    # As MongoDB: arrays in arrays are not gone through here.
    found = [value_of(item, path) for item in array if isinstance(item, dict)]
    return [value for value in found if value is not MISSING]


def tree_of(paths: Mapping[Path, Chosen | Path]) -> Fields:
    """Fields at paths by their names. No path leads to another."""
    tree: Fields = {}
    for path, field in paths.items():
        node = tree
        for part in path[:-1]:
            node = cast("Fields", node.setdefault(part, {}))
        node[path[-1]] = field
    return tree


def keep(value: Document, tree: Fields, document: Document) -> Document:
    """Only the fields of a tree, with new ones that are values of a document. Objects in arrays are gone through.

    As MongoDB: kept fields come in the order of the value, and new ones after them. Where new fields are to be in an
    object, one is made, also in place of other values and of each item of an array.
    """
    result: Document = {}
    for name, item in value.items():
        below = tree.get(name)
        kept = item if below is CHOSEN else _kept_inside(item, below, document) if isinstance(below, dict) else MISSING
        if kept is not MISSING:
            result[name] = kept
    for name, below in tree.items():
        new = value_of(document, below) if isinstance(below, tuple) else MISSING
        if isinstance(below, dict) and name not in value:
            new = _kept_inside(MISSING, below, document)
        if new is not MISSING:
            result[name] = new
    return result


def drop(value: Document, tree: Fields) -> Document:
    """All but the fields of a tree. Objects in arrays are gone through."""
    result: Document = {}
    for name, item in value.items():
        below = tree.get(name)
        if below is not CHOSEN:
            result[name] = _dropped_inside(item, below) if isinstance(below, dict) else item
    return result


def put(document: Document, path: Path, value: Value) -> Document:
    """The document with a value at a path. Objects that are missing on the way are made."""
    head, rest = path[0], path[1:]
    if not rest:
        return {**document, head: value}
    below = document.get(head)
    return {**document, head: put(below if isinstance(below, dict) else {}, rest, value)}


def _path(name: str, place: Place) -> Path:
    path = split(name)
    if not all(path) or any(part.startswith("$") for part in path) or len(path) > MAX_PARTS:
        raise place.error(f"a path has at most {MAX_PARTS} parts, none of which is empty or begins with $")
    return path


def _kept_inside(value: Found, tree: Fields, document: Document) -> Found:
    if isinstance(value, list):
        items = [_kept_inside(item, tree, document) for item in value]
        return [item for item in items if item is not MISSING]
    if isinstance(value, dict):
        return keep(value, tree, document)
    return keep({}, tree, document) if _has_new(tree) else MISSING


def _has_new(tree: Fields) -> bool:
    return any(isinstance(below, tuple) or (isinstance(below, dict) and _has_new(below)) for below in tree.values())


def _dropped_inside(value: Value, tree: Fields) -> Value:
    if isinstance(value, dict):
        return drop(value, tree)
    return [_dropped_inside(item, tree) for item in value] if isinstance(value, list) else value
