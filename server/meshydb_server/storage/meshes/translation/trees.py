"""Goes through the tree of a filter: what both databases share."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator
from typing import Final, Generic, TypeVar

from meshydb_server.query.filters.tree import And, Exists, Filter, Not, Operator, Or
from meshydb_server.query.values.paths import Path
from meshydb_server.storage.meshes.translation.lowering import Asked, lower
from meshydb_server.storage.meshes.translation.terms import Combining, Parameters, Term
from meshydb_server.storage.meshes.translation.value_tests import AllOf, Among, TextValue, ValueTest

S = TypeVar("S")

_ID: Final[Path] = ("_id",)
SYMBOLS: Final = {
    Operator.EQ: "=",
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.LT: "<",
    Operator.LTE: "<=",
}
"""The operators in SQL."""


class Translator(Combining, Generic[S]):
    """Translates filters. A scope says which value a condition is about."""

    @abstractmethod
    def leaf(self, asked: Asked, scope: S) -> Term | None:
        """The condition of a leaf, or None if it cannot be expressed."""

    def filter(self, tree: Filter, scope: S) -> Term | None:
        """The condition that a tree states, or None if it cannot be expressed."""
        match tree:
            case And(parts):
                return self.all_of(self.filter(part, scope) for part in parts)
            case Or(parts):
                return self.any_of(self.filter(part, scope) for part in parts)
            case Not(part):
                return self._not(part, scope)
            case Exists(path, False):
                return self._not(Exists(path, expected=True), scope)
            case _:
                return self.leaf(lower(tree), scope)

    def _not(self, tree: Filter, scope: S) -> Term | None:
        # Inwards, so that parts are kept that can be negated beside others that cannot.
        match tree:
            case And(parts):
                return self.any_of(self._not(part, scope) for part in parts)
            case Or(parts):
                return self.all_of(self._not(part, scope) for part in parts)
            case Not(part):
                return self.filter(part, scope)
            case Exists(path, False):
                return self.filter(Exists(path, expected=True), scope)
            case _:
                return self.negated(self.filter(tree, scope))


def names_of(tree: Filter) -> Iterator[str]:
    """The first names of the paths in a condition."""
    match tree:
        case And(parts) | Or(parts):
            for part in parts:
                yield from names_of(part)
        case Not(part):
            yield from names_of(part)
        case _:
            yield from tree.path[:1]


def id_test(asked: Asked, sql: Combining, parameters: Parameters, ids: str) -> Term | None:
    """The condition on the column `id`, or None unless a leaf asks that alone and simply.

    `ids` is the SELECT of the texts in a JSON array, for IN.
    """

    def of(test: ValueTest) -> Term | None:
        match test:
            case TextValue(operator, value):
                return Term(f"id {SYMBOLS[operator]} {parameters.bind(value)}")
            case Among((), texts):
                values = ids.format(parameters.bind(json.dumps(texts, ensure_ascii=False)))
                return Term(f"id IN ({values})")
            case AllOf(parts):
                terms = [of(part) for part in parts]
                return None if None in terms else sql.all_of(terms)
            case _:
                return None

    return of(asked.test) if asked.path == _ID else None
