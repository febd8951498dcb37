"""Paths: which values of a document a dotted name leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from meshydb_server.query.values.types import MISSING, Document, Found, Value

Path: TypeAlias = tuple[str, ...]
"""The parts of a dotted name. The empty path leads to the value itself."""

MAX_PARTS: Final = 100
_INDEX: Final = re.compile("0|[1-9][0-9]{0,9}")


def split(name: str) -> Path:
    """The parts of a dotted name."""
    return tuple(name.split("."))


def index_of(part: str) -> int | None:
    """The index that a part of a path is in an array, or None."""
    return int(part) if _INDEX.fullmatch(part) else None


def values_at(value: Value, path: Path) -> Sequence[Found]:
    """The values that a condition at this path is held against: it is met where one of them meets it.

    An array at the end of the path counts with each of its items and as a whole. Arrays on the way are searched: a path
    goes on in each object in them, and, where the next part is a number, in the item with that index. A field that is
    not there counts as `MISSING`, but an array on the way without objects leads nowhere.
    """
    if not path:
        return (value,)
    if not isinstance(value, dict):
        return (MISSING,)
    if len(path) == 1:
        found = value.get(path[0], MISSING)
        return [*found, found] if isinstance(found, list) else (found,)
    return list(_walk(value, path, 0, set(), whole=False))


def whole_values_at(value: Value, path: Path) -> Sequence[Found]:
    """As `values_at`, with an array at the end of the path only as a whole."""
    if not path:
        return (value,)
    if not isinstance(value, dict):
        return (MISSING,)
    if len(path) == 1:
        return (value.get(path[0], MISSING),)
    return list(_walk(value, path, 0, set(), whole=True))


def _walk(value: Document, path: Path, start: int, seen: set[tuple[int, int]], *, whole: bool) -> Iterator[Found]:
    """The values in an object, from a part of the path on."""
    found: Found = value
    for i in range(start, len(path)):
        if not isinstance(found, dict):
            break
        found = found.get(path[i], MISSING)
        if isinstance(found, list):
            yield from _walk_array(found, path, i + 1, seen, whole=whole)
            return
    else:
        yield found
        return
    yield MISSING


def _walk_array(
    array: list[Value], path: Path, start: int, seen: set[tuple[int, int]], *, whole: bool
) -> Iterator[Found]:
    # Numbers can be read in two ways at each level. Without this, the ways would double with each.
    if (id(array), start) in seen:
        return
    seen.add((id(array), start))
    if start == len(path):
        if not whole:
            yield from array
        yield array
        return
    index = index_of(path[start])
    for i, item in enumerate(array):
        if isinstance(item, dict):
            yield from _walk(item, path, start, seen, whole=whole)
        if i == index:
            if start + 1 == len(path):
                yield item
            elif isinstance(item, dict):
                yield from _walk(item, path, start + 1, seen, whole=whole)
            elif isinstance(item, list):
                yield from _walk_array(item, path, start + 1, seen, whole=whole)
