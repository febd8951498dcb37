"""Compares the names of schemas. Names are never sent, but generators name classes after them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from contract_diff.schemas.keywords import Schema, without_annotations
from contract_diff.schemas.values import Finding, Pair

_PREFIX: Final = "#/components/schemas/"


def compare_names(documents: Pair) -> Iterator[Finding]:
    """Report each schema whose name was removed, and its new name if there is one."""
    old, new = map(_schemas, documents)
    came = [name for name in new if name not in old]
    for name in old:
        if name not in new:
            heir = _heir(documents, name, came)
            yield "schemas", f"{name} is now {heir}" if heir else f"{name} removed", True
    for name in came:
        yield "schemas", f"{name} added", False


def _heir(documents: Pair, name: str, came: list[str]) -> str | None:
    """The new name of a schema: that of an equal schema, or of one at a place where it was."""
    old, new = map(_schemas, documents)
    same = without_annotations(old[name])
    alike = [other for other in came if without_annotations(new[other]) == same]
    after = dict(_references(documents.new))
    moved = [after[place] for place, target in _references(documents.old) if target == name and place in after]
    return next((other for other in [*moved, *alike] if other in came), None)


def _schemas(document: Schema) -> Mapping[str, Schema]:
    return cast("Mapping[str, Schema]", document.get("components", {}).get("schemas", {}))


def _references(node: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each place that refers to a schema, with the schema's name."""
    children: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(node, dict):
        members = cast("Mapping[str, Any]", node)
        target = members.get("$ref")
        if isinstance(target, str) and target.startswith(_PREFIX):
            yield place, target.removeprefix(_PREFIX)
        children = iter(members.items())
    elif isinstance(node, list):
        children = iter(enumerate(cast("Sequence[Any]", node)))
    for step, child in children:
        yield from _references(child, (*place, str(step)))
