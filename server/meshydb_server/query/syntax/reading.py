"""Reads what a caller sent: text or a parsed value, within bounds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final, TypeGuard, cast

from attrs import define

from meshydb_server.query.errors import Place
from meshydb_server.query.syntax import literals, text
from meshydb_server.query.values.types import INT64, Document, Instant, RegularExpression, Value, is_storable

MAX_CHARACTERS: Final = 16 * 1024
MAX_NODES: Final = 1000
_ABSENT: Final = frozenset({"", "undefined", "null"})


def is_absent(source: object) -> bool:
    """Whether a parameter means that there is none: None, blank text, and the words that the JS SDK sends instead."""
    return source is None or (isinstance(source, str) and source.strip() in _ABSENT)


def read_object(source: object, place: Place) -> Document:
    """The object that text or a mapping holds. Raises QueryError."""
    value = read(source, place)
    if not isinstance(value, dict):
        raise place.error("it must be an object")
    return value


def read(source: object, place: Place) -> Value:
    """The value that text or a parsed value holds, with the literals of Extended JSON read. Raises QueryError.

    Bounds: 16,384 characters of text, or of names and values; 20 levels; 1,000 objects, arrays and members.
    """
    if isinstance(source, str):
        if len(source) > MAX_CHARACTERS:
            raise _too_long(place)
        source = text.parse(source, place)
    return _Reader().value(source, place, text.MAX_DEPTH)


def stored_form(value: Value, place: Place) -> Value:
    """A literal as documents hold it: dates as text. Raises QueryError for what documents cannot hold."""
    if isinstance(value, Instant):
        return value.text
    if isinstance(value, RegularExpression):
        raise place.error("a document cannot hold a regular expression")
    if isinstance(value, list):
        return [stored_form(item, place.child(i)) for i, item in enumerate(value)]
    if isinstance(value, dict):
        for name in value:
            if name.startswith("$") or "." in name:
                raise place.child(name).error("the names of a document neither begin with $ nor contain a dot")
        return {name: stored_form(item, place.child(name)) for name, item in value.items()}
    return value


@define
class _Reader:
    nodes: int = 0
    characters: int = 0

    def value(self, value: object, place: Place, depth: int) -> Value:
        if isinstance(value, str):
            self._text(value, place)
            return value
        if value is None or isinstance(value, bool | Instant):
            self._size(1, place)
            return value
        if isinstance(value, int | float):
            return self._number(value, place)
        if isinstance(value, RegularExpression):
            self._text(value.pattern, place)
            return value
        self._node(place)
        if depth == 0:
            raise place.error(f"it is nested deeper than {text.MAX_DEPTH} levels")
        if isinstance(value, list | tuple):
            items = enumerate(cast("Iterable[object]", value))
            return [self.value(item, place.child(i), depth - 1) for i, item in items]
        if _is_mapping(value):
            return literals.unwrapped(self._members(value, place, depth - 1), place)
        raise place.error("it is not a value of JSON")

    def _members(self, value: Mapping[object, object], place: Place, depth: int) -> Document:
        result: Document = {}
        for name, item in value.items():
            if not isinstance(name, str):
                raise place.error("the names of an object are text")
            inner = place.child(name)
            self._node(inner)
            self._text(name, inner)
            result[name] = self.value(item, inner, depth)
        return result

    def _number(self, value: float, place: Place) -> int | float:
        self._size(1, place)
        if isinstance(value, int):
            if value not in INT64:
                raise place.error("the integer does not fit into 64 bits")
        elif not math.isfinite(value):
            raise place.error("the number is not finite")
        return value

    def _text(self, value: str, place: Place) -> None:
        if not is_storable(value):
            raise place.error("the text holds U+0000 or a lone surrogate")
        self._size(len(value) + 1, place)

    def _size(self, size: int, place: Place) -> None:
        self.characters += size
        if self.characters > MAX_CHARACTERS:
            raise _too_long(place)

    def _node(self, place: Place) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise place.error(f"it has more than {MAX_NODES} objects, arrays and members")


def _is_mapping(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _too_long(place: Place) -> Exception:
    return place.error(f"it is longer than {MAX_CHARACTERS} characters")
