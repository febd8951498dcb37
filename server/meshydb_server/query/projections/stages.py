"""The stages of a pipeline."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Final, Literal, TypeAlias

from attrs import frozen

from meshydb_server.query.filters.tree import Filter
from meshydb_server.query.sorting import Order
from meshydb_server.query.values.paths import Path


@frozen
class Match:
    """`$match`: keeps the documents that match."""

    filter: Filter


class Chosen(Enum):
    """The type of `CHOSEN`."""

    CHOSEN = "chosen"


CHOSEN: Final = Chosen.CHOSEN
"""Stands in `Fields` for a field that is kept, or dropped."""

Fields: TypeAlias = "dict[str, Literal[Chosen.CHOSEN] | Path | Fields]"
"""Fields by their names: chosen ones, new ones with the path of their value, and objects with such fields in them."""


@frozen
class Project:
    """`$project`: keeps or drops fields, and adds fields that are the values of paths.

    Where `keeps` is true, only the chosen fields and the new ones stay, else all but the chosen ones.
    """

    keeps: bool
    fields: Fields


@frozen
class Unwind:
    """`$unwind`: makes one document of each item of an array."""

    path: Path
    index_name: str | None = None
    """The field for the index of the item, if any."""
    keeps_empty: bool = False
    """Whether documents stay where the path leads to null, to nothing or to an empty array."""


class Accumulation(StrEnum):
    """The accumulators of `$group`."""

    SUM = "$sum"
    AVG = "$avg"
    MIN = "$min"
    MAX = "$max"
    FIRST = "$first"
    LAST = "$last"


@frozen
class Accumulator:
    """A field of a group: what is made of the values of its documents, each the value of a path, or a number."""

    name: str
    accumulation: Accumulation
    of: Path | int | float


@frozen
class ByObject:
    """An object as the `_id` of a group: pairs of a name and the path of its value."""

    members: tuple[tuple[str, Path], ...]


@frozen
class Group:
    """`$group`: makes one document of all that have the same values at the paths.

    `by` is None for one group of all.
    """

    by: Path | ByObject | None
    accumulators: tuple[Accumulator, ...]


@frozen
class SortByCount:
    """`$sortByCount`: counts the documents for each value at a path, the most frequent first."""

    path: Path


@frozen
class Count:
    """`$count`: makes one document, with the number of documents in this field. Of none, it makes none."""

    name: str


@frozen
class Sort:
    """`$sort`: sorts."""

    order: Order


@frozen
class Skip:
    """`$skip`: drops the first documents."""

    count: int


@frozen
class Limit:
    """`$limit`: keeps the first documents."""

    count: int


Stage: TypeAlias = Match | Project | Unwind | Group | SortByCount | Count | Sort | Skip | Limit
"""A stage of a pipeline."""


@frozen
class Pipeline:
    """Stages, each of which takes what the one before it makes."""

    stages: tuple[Stage, ...]

    def without_first_match(self) -> tuple[Filter | None, Pipeline]:
        """The filter of a `$match` that comes first, if any, which a database can apply, and the rest."""
        if self.stages and isinstance(self.stages[0], Match):
            return self.stages[0].filter, Pipeline(self.stages[1:])
        return None, self
