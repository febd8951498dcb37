"""Filters in SQL.

`translate` gives a condition that is true of every document that matches, and whether it is true of no others. Parts
that cannot be expressed are left out, and never negated: the evaluator decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from meshydb_server.query import Filter
from meshydb_server.storage.meshes.translation.postgresql import PostgresqlTranslator
from meshydb_server.storage.meshes.translation.sqlite import SqliteTranslator
from meshydb_server.storage.meshes.translation.terms import Parameters


@frozen
class Where:
    """A condition on the rows of `documents`, with its values."""

    text: str
    values: Mapping[str, Any]
    exact: bool
    """Whether it is true of no documents but those that match."""

    @property
    def is_all(self) -> bool:
        """Whether every document matches."""
        return self.exact and self.text in {SqliteTranslator.true, "true"}


def translate(tree: Filter, dialect: str) -> Where:
    """The condition that a filter states, for `sqlite` or `postgresql`."""
    parameters = Parameters()
    postgresql = dialect == "postgresql"
    translator = PostgresqlTranslator(parameters) if postgresql else SqliteTranslator(parameters)
    term = translator.condition(tree)
    if term is None:
        return Where("true" if postgresql else "1", {}, exact=False)
    return Where(term.text, parameters.values, term.exact)
