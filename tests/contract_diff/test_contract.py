"""Every change of the contract itself is found."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from contract_diff.operations import compare
from tests.support.contract import read, resolve

# References are resolved. Their targets are changed in their own place.
_REFERENCE: Final = "$ref"
# References to a response often override its description.
_OVERRIDDEN: Final = ("components", "responses")
# The version decides on the verdict, and is not a difference.
_VERSION: Final = ("info", "version")
# Each needs a whole comparison, so only every fifth is tried: a prime, so that all kinds of values are.
_EACH: Final = 5


def _holders(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield each place in a document: its path, its container, and its key or index."""
    children: Any = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield (*path, str(key)), node, key
        yield from _holders(child, (*path, str(key)))


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"{value}~"


def _values(document: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield each text, number or flag that is not a reference."""
    for path, holder, key in _holders(document):
        if not isinstance(holder[key], dict | list) and key != _REFERENCE and path != _VERSION:
            yield path, holder, key


def _references(document: dict[str, Any], node: Any) -> Iterator[str]:
    """Yield each reference below a node, and those below its target."""
    waiting, seen = [node], set[str]()
    while waiting:
        for _, holder, key in _holders(waiting.pop()):
            reference = holder[key]
            if key == _REFERENCE and reference not in seen:
                seen.add(reference)
                waiting.append(resolve(document, {_REFERENCE: reference}))
                yield reference


def _places(document: dict[str, Any]) -> dict[tuple[str, ...], str]:
    """For each path and each component that a path refers to: the path, or that which refers to the fewest."""
    referred = {path: set(_references(document, item)) for path, item in document["paths"].items()}
    most_first = sorted(referred, key=lambda path: -len(referred[path]))
    components = {tuple(each.split("/")[1:]): path for path in most_first for each in referred[path]}
    return {**components, **{("paths", path): path for path in referred}}


def test_every_value_counts() -> None:
    """The comparison finds a change of any text, number or flag."""
    old, new = read(), read()
    places = _places(old)
    unseen, changed = [], 0
    for path, holder, key in islice(_values(new), None, None, _EACH):
        value = holder[key]
        holder[key] = _other(value)
        place = places.get(path[:2]) or places.get(path[:3])
        # One path where the value is suffices, and takes a fraction of the time of all.
        pair = [{**each, "paths": {place: each["paths"][place]}} if place else each for each in (old, new)]
        if not compare(*pair):
            unseen.append(path)
        holder[key] = value
        changed += 1
    overridden = [path for path in unseen if path[:2] == _OVERRIDDEN and path[-1] == "description"]
    assert {*unseen} == {*overridden}, unseen
    assert compare(old, new) == []
    assert changed > 200
