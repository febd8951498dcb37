"""The fields that stages name: how they are written, and how they are taken from documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from meshydb_server.query.errors import Place
from meshydb_server.query.projections.stages import Project
from meshydb_server.query.values.paths import MAX_PARTS, Path, split
from meshydb_server.query.values.types import MISSING, Document, Found, Value

_ID: Final = ("_id",)
Tree: TypeAlias = "dict[str, Tree]"
"""Paths by their parts. A part without parts below it is an end."""


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
    kept: list[Path] = []
    dropped: list[Path] = []
    computed: list[tuple[Path, Path]] = []
    keeps_id: bool | None = None
    seen: list[Path] = []
    for name, value, inner in fields:
        path = _path(name, inner)
        if any(path[: len(other)] == other[: len(path)] for other in seen):
            raise inner.error("the path, or a part of it, stands twice")
        seen.append(path)
        if isinstance(value, str):
            computed.append((path, path_of(value, inner)))
        elif isinstance(value, bool | int | float):
            if path == _ID:
                keeps_id = bool(value)
            else:
                (kept if value else dropped).append(path)
        else:
            raise inner.error("a field is kept by 1, dropped by 0, or the value of a path such as $name")
    keeps = bool(kept or computed or (keeps_id and not dropped))
    if keeps and dropped:
        raise place.error("fields are either kept or dropped; only _id may be dropped beside kept ones")
    new_id = any(path == _ID for path, _ in computed)
    return Project(keeps, tuple(kept or dropped), tuple(computed), keeps_id=keeps_id is not False and not new_id)


def value_of(value: Found, path: Path) -> Found:
    """The value of a path in the stages: of an array on the way, an array of what its objects have there."""
    for i, part in enumerate(path):
        if isinstance(value, list):
            return _values_of(value, path[i:])
        value = value.get(part, MISSING) if isinstance(value, dict) else MISSING
    return value


def _values_of(array: list[Value], path: Path) -> list[Value]:
    result: list[Value] = []
    for item in array:
        # Arrays in arrays stay arrays, where anything is in them.
        found = (_values_of(item, path) or MISSING) if isinstance(item, list) else value_of(item, path)
        if found is not MISSING:
            result.append(found)
    return result


def tree_of(paths: Iterable[Path]) -> Tree:
    """Paths by their parts."""
    tree: Tree = {}
    for path in paths:
        node = tree
        for part in path:
            node = node.setdefault(part, {})
    return tree


def keep(value: Document, tree: Tree) -> Document:
    """Only the fields of a tree, in the order of the document. Objects in arrays are gone through."""
    result: Document = {}
    for name, item in value.items():
        if name not in tree:
            continue
        below = tree[name]
        kept = item if not below else _kept_inside(item, below)
        if kept is not MISSING:
            result[name] = kept
    return result


def drop(value: Document, tree: Tree) -> Document:
    """All but the fields of a tree. Objects in arrays are gone through."""
    return {
        name: _dropped_inside(item, tree[name]) if name in tree else item
        for name, item in value.items()
        if name not in tree or tree[name]
    }


def put(document: Document, path: Path, value: Value) -> Document:
    """The document with a value at a path. Objects on the way are made, also in place of other values."""
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


def _kept_inside(value: Value, tree: Tree) -> Found:
    if isinstance(value, dict):
        return keep(value, tree)
    if isinstance(value, list):
        items = [_kept_inside(item, tree) for item in value]
        return [item for item in items if item is not MISSING]
    return MISSING


def _dropped_inside(value: Value, tree: Tree) -> Value:
    if isinstance(value, dict):
        return drop(value, tree)
    return [_dropped_inside(item, tree) for item in value] if isinstance(value, list) else value
