"""Compares the values in one place of an operation: their schemas and all other members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

from contract_diff.effects import Direction
from contract_diff.schemas.comparison import Comparison
from contract_diff.schemas.flattening import resolve
from contract_diff.schemas.keywords import Schema, without_annotations

Finding: TypeAlias = tuple[str, str, bool]
"""A place, its difference, and whether it breaks clients."""

# What `compare_value` compares, of whatever has a value.
OF_VALUES: Final = frozenset({"schema", "content", "examples"})


class Pair(NamedTuple):
    """The two documents."""

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
            # Clients need not send it. But if they receive it, they cannot parse it.
            yield place, f"{name} added", direction is Direction.RESPONSE
        else:
            yield from compare_value(documents, place, old[name], new[name], direction)
            yield from compare_rest(f"{place}, {name}", old[name], new[name], OF_VALUES)


def compare_value(documents: Pair, place: str, old: Schema, new: Schema, direction: Direction) -> Iterator[Finding]:
    """Compare a schema, or content of one media type in place of a schema, and the examples."""
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
    """Compare all other members: annotations break nothing, unknown members may."""
    for name in sorted((old.keys() | new.keys()) - compared):
        if old.get(name) != new.get(name):
            bare = [without_annotations({name: each[name]} if name in each else {}) for each in (old, new)]
            breaking = bare[0] != bare[1]
            yield place, f"{name} changed{' in a way that cannot be judged' if breaking else ''}", breaking
