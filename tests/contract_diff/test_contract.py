"""Every change of the contract itself is found."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from contract_diff.operations import compare
from tests.support.contract import read

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


def test_every_value_counts() -> None:
    """The comparison finds a change of any text, number or flag."""
    old, new = read(), read()
    unseen, changed = [], 0
    for path, holder, key in islice(_values(new), None, None, _EACH):
        value = holder[key]
        holder[key] = _other(value)
        if not compare(old, new):
            unseen.append(path)
        holder[key] = value
        changed += 1
    overridden = [path for path in unseen if path[:2] == _OVERRIDDEN and path[-1] == "description"]
    assert {*unseen} == {*overridden}, unseen
    assert compare(old, new) == []
    assert changed > 200
