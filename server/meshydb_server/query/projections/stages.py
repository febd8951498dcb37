"""The stages of a pipeline."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from attrs import frozen

from meshydb_server.query.filters.tree import Filter
from meshydb_server.query.sorting import Order
from meshydb_server.query.values.paths import Path


@frozen
class Match:
    """`$match`: keeps the documents that match."""

    filter: Filter


@frozen
class Project:
    """`$project`: keeps or drops fields, and adds fields that are the values of paths.

    Where `keeps` is true, only the fields at `paths` and the computed ones stay, else all but those at `paths`. `_id`
    stays where `keeps_id` is true.
    """

    keeps: bool
    paths: tuple[Path, ...]
    computed: tuple[tuple[Path, Path], ...] = ()
    """Pairs of the new field and the path of its value."""
    keeps_id: bool = True


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
