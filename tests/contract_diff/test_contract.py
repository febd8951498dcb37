"""No change of the contract itself goes unseen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from contract_diff.operations import compare
from tests.support.contract import read

# Taken for what it stands for; where it leads to is changed in its own place.
_REFERENCE: Final = "$ref"
# Where a response is referred to, a description of its own often stands in place of this.
_OVERRIDDEN: Final = ("components", "responses")
# Decides on the verdict, and is no difference by itself.
_VERSION: Final = ("info", "version")
# Each takes a comparison of the whole, so only some are tried: a prime, so that they fall on all kinds of values.
_EACH: Final = 5


def _holders(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Each place in a document: its path, what holds it, and its key or index there."""
    children: Any = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield (*path, str(key)), node, key
        yield from _holders(child, (*path, str(key)))


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"{value}~"


def _values(document: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Each text, number or flag that stands for itself."""
    for path, holder, key in _holders(document):
        if not isinstance(holder[key], dict | list) and key != _REFERENCE and path != _VERSION:
            yield path, holder, key


def test_every_value_counts() -> None:
    """Whichever text, number or flag of the contract is changed, the comparison says so."""
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
