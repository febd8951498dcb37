"""Compares what stands in one place of an operation: values with their schemas, and whatever else is said of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

from contract_diff.effects import Direction
from contract_diff.flattening import resolve
from contract_diff.keywords import Schema, without_annotations
from contract_diff.schemas import Comparison

Finding: TypeAlias = tuple[str, str, bool]
"""A place, what differs there, and whether it breaks clients."""

# What `compare_value` compares, of whatever has a value.
OF_VALUES: Final = frozenset({"schema", "content", "examples"})


class Pair(NamedTuple):
    """The documents that are compared."""

    old: Schema
    new: Schema


def compare_contents(
    documents: Pair, place: str, old: Mapping[str, Schema], new: Mapping[str, Schema], direction: Direction
) -> Iterator[Finding]:
    """Compare the media types of a body."""
    for name in dict.fromkeys([*old, *new]):
        if name not in new:
            yield place, f"{name} removed", True
        elif name not in old:
            # Clients need not send it. But if they are sent it, they cannot read it.
            yield place, f"{name} added", direction is Direction.RESPONSE
        else:
            yield from compare_value(documents, place, old[name], new[name], direction)
            yield from compare_rest(f"{place}, {name}", old[name], new[name], OF_VALUES)


def compare_value(documents: Pair, place: str, old: Schema, new: Schema, direction: Direction) -> Iterator[Finding]:
    """Compare what has a schema, or content of one media type in its stead; and its examples."""
    for difference in Comparison(*documents)(old.get("schema", True), new.get("schema", True)):
        where = f"{place}, {difference.place}" if difference.place else place
        yield where, difference.what, direction.breaks(difference.effect)
    if "content" in old or "content" in new:
        yield from compare_contents(documents, place, old.get("content", {}), new.get("content", {}), direction)
    before, after = (
        {name: resolve(document, example) for name, example in each.get("examples", {}).items()}
        for document, each in zip(documents, (old, new), strict=True)
    )
    if before != after:
        yield place, "examples changed", False


def compare_rest(place: str, old: Schema, new: Schema, compared: frozenset[str]) -> Iterator[Finding]:
    """Report what else differs: annotations break nothing, and whatever is not known here may."""
    for name in sorted((old.keys() | new.keys()) - compared):
        if old.get(name) != new.get(name):
            bare = [without_annotations({name: each[name]} if name in each else {}) for each in (old, new)]
            breaking = bare[0] != bare[1]
            yield place, f"{name} changed{' in a way that cannot be judged' if breaking else ''}", breaking
