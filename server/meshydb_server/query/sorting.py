"""Orders: what a sort document says, and the order that it gives documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from attrs import frozen

from meshydb_server.query.errors import Kind, Place
from meshydb_server.query.syntax.reading import read_object
from meshydb_server.query.values.comparison import EMPTY_ARRAY_KEY, NULL_KEY, Key, key
from meshydb_server.query.values.paths import MAX_PARTS, Path, index_of, split
from meshydb_server.query.values.types import MISSING, Document, Found, Value, whole

MAX_KEYS: Final = 8
_T = TypeVar("_T")
_ID: Final = ("_id",)


@frozen
class SortKey:
    """A path, and its direction."""

    path: Path
    descending: bool = False


@frozen
class Order:
    """The keys by which documents are sorted; earlier keys win. `_id` is always among them, so that none tie."""

    keys: tuple[SortKey, ...]


BY_ID: Final = Order((SortKey(_ID),))
"""The order of searches that ask for none."""


def parse_order(source: object) -> Order:
    """The order that a sort document states, such as `{ Due:-1,Title:1 }`: text or a mapping. Raises QueryError."""
    place = Place(Kind.ORDER_INVALID)
    return build_order(read_object(source, place), place)


def build_order(value: Document, place: Place) -> Order:
    """The order that a parsed sort document states. Raises QueryError."""
    if len(value) > MAX_KEYS:
        raise place.error(f"it has more than {MAX_KEYS} keys")
    keys: list[SortKey] = []
    for name, direction in value.items():
        inner = place.child(name)
        path = split(name)
        if not name or any(part.startswith("$") or not part for part in path) or len(path) > MAX_PARTS:
            raise inner.error(f"a key is a path of at most {MAX_PARTS} parts, none of which is empty or begins with $")
        if whole(direction) not in {1, -1}:
            raise inner.error("the direction is 1 or -1")
        keys.append(SortKey(path, direction == -1))
    if not any(item.path == _ID for item in keys):
        keys.append(SortKey(_ID))
    return Order(tuple(keys))


def sort_keys(document: Document, order: Order) -> tuple[Key, ...]:
    """What a document is sorted by: one value for each key of the order, to be passed to `arrange`.

    Of an array, the least item counts in ascending order, and the greatest in descending order. Keys whose paths lead
    through one array count from the same item of it.
    """
    return tuple(_searched([_followed(document, item.path, 0) for item in order.keys], order.keys))


def arrange(items: Iterable[_T], order: Order, keys_of: Callable[[_T], tuple[Key, ...]]) -> list[_T]:
    """Sort things by the keys of their documents, which `keys_of` returns. Items with equal keys keep their order."""
    result = [(keys_of(item), item) for item in items]
    for i in reversed(range(len(order.keys))):
        result.sort(key=lambda pair, i=i: pair[0][i], reverse=order.keys[i].descending)  # type: ignore[misc] # a default
    return [item for _, item in result]


def sort_documents(documents: Iterable[Document], order: Order) -> list[Document]:
    """Sort documents."""
    return arrange(documents, order, lambda document: sort_keys(document, order))


@frozen
class _Search:
    """An array to be searched, and the part of the path that comes next in its items."""

    array: list[Value]
    start: int


def _followed(value: Found, path: Path, start: int) -> Key | _Search:
    """Where a path leads to, unless an array is on the way or at its end."""
    for i in range(start, len(path)):
        if isinstance(value, dict):
            value = value.get(path[i], MISSING)
        elif isinstance(value, list):
            index = index_of(path[i])
            if index is None or index >= len(value) or _is_name_in(value, path[i]):
                return _Search(value, i)
            value = value[index]
            # As MongoDB: it is no array to be searched, unless it is empty.
            if i + 1 == len(path) and value:
                return key(value)
        else:
            return NULL_KEY
    return _Search(value, len(path)) if isinstance(value, list) else key(value)


def _is_name_in(array: list[Value], part: str) -> bool:
    return any(isinstance(item, dict) and part in item for item in array)


def _searched(found: Sequence[Key | _Search], keys: Sequence[SortKey]) -> list[Key]:
    """What each of the keys is, with arrays searched."""
    result: list[Key] = []
    together: dict[int, list[tuple[int, _Search]]] = {}
    for number, each in enumerate(found):
        if isinstance(each, _Search):
            together.setdefault(id(each.array), []).append((number, each))
            result.append(NULL_KEY)
        else:
            result.append(each)
    for searches in together.values():
        first = _first([search for _, search in searches], [keys[number] for number, _ in searches])
        for (number, _), each in zip(searches, first, strict=True):
            result[number] = each
    return result


def _first(searches: list[_Search], keys: list[SortKey]) -> list[Key]:
    """The keys of that item of one array which comes first in the order."""
    array = searches[0].array
    ends = [search.start == len(item.path) for search, item in zip(searches, keys, strict=True)]
    if not array:
        return [EMPTY_ARRAY_KEY if end else NULL_KEY for end in ends]
    if ends == [True]:
        return [_best(map(key, array), keys[0])]
    rows = [_keys_of(item, searches, keys) for item in array]
    for number, item in enumerate(keys):
        best = _best((row[number] for row in rows), item)
        rows = [row for row in rows if row[number] == best]
    return rows[0]


def _best(found: Iterable[Key], item: SortKey) -> Key:
    return max(found) if item.descending else min(found)


def _keys_of(item: Value, searches: list[_Search], keys: list[SortKey]) -> list[Key]:
    """The keys of an item of an array. An array in it is not searched."""
    inside = item if isinstance(item, dict) else MISSING
    found = [
        key(item) if search.start == len(each.path) else _followed(inside, each.path, search.start)
        for search, each in zip(searches, keys, strict=True)
    ]
    return _searched(found, keys)
