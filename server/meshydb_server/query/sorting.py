"""Orders: what a sort document says, and the order that it gives documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from attrs import frozen

from meshydb_server.query.errors import Kind, Place
from meshydb_server.query.syntax.reading import read_object
from meshydb_server.query.values.comparison import Key
from meshydb_server.query.values.paths import MAX_PARTS, Path, sort_keys_at, split
from meshydb_server.query.values.types import Document, whole

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

    Of an array, the least item counts in ascending order, and the greatest in descending order.
    """
    result: list[Key] = []
    for item in order.keys:
        found = sort_keys_at(document, item.path)
        result.append(max(found) if item.descending else min(found))
    return tuple(result)


def arrange(items: Iterable[_T], order: Order, keys_of: Callable[[_T], tuple[Key, ...]]) -> list[_T]:
    """Sort things by the keys of their documents, which `keys_of` returns. Items with equal keys keep their order."""
    result = [(keys_of(item), item) for item in items]
    for i in reversed(range(len(order.keys))):
        result.sort(key=lambda pair, i=i: pair[0][i], reverse=order.keys[i].descending)  # type: ignore[misc] # a default
    return [item for _, item in result]


def sort_documents(documents: Iterable[Document], order: Order) -> list[Document]:
    """Sort documents."""
    return arrange(documents, order, lambda document: sort_keys(document, order))
