"""Orders in SQL: the rank of a value's type, then the value.

A document that has an array or an object under a sort key is `complex`: Python sorts those. On PostgreSQL, numbers
beyond those that doubles and integers have in common are complex, too.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from meshydb_server.query import Order, SortKey
from meshydb_server.query.values.comparison import Bracket
from meshydb_server.query.values.paths import Path
from meshydb_server.query.values.types import is_storable
from meshydb_server.storage.meshes.translation.sqlite import addressable, path_text
from meshydb_server.storage.meshes.translation.terms import Parameters

_ID: Final[Path] = ("_id",)
_COMPLEX: Final = -1
_NULL, _NUMBER, _TEXT, _BOOLEAN = (int(each) for each in (Bracket.NULL, Bracket.NUMBER, Bracket.TEXT, Bracket.BOOLEAN))


@frozen
class SqlOrder:
    """An order of rows: what to select beside the id, and how to sort by it."""

    columns: str
    complex: str
    """The condition that a selected row is complex."""
    terms: str


def in_sql(order: Order, dialect: str, parameters: Parameters) -> SqlOrder | None:
    """An order in SQL, or None if only Python can sort so."""
    columns: list[str] = []
    terms: list[str] = []
    ranks: list[str] = []
    for i, key in enumerate(order.keys):
        direction = "DESC" if key.descending else "ASC"
        if key.path == _ID:
            terms.append(f"id {direction}")
            # It is unique.
            break
        selected = _sqlite(key, parameters) if dialect == "sqlite" else _postgresql(key, parameters)
        if selected is None:
            return None
        names = [f"k{i}_{j}" for j in range(len(selected))]
        columns += [f"{value} AS {name}" for value, name in zip(selected, names, strict=True)]
        terms += [f"{name} {direction}" for name in names]
        ranks.append(f"{names[0]} = {_COMPLEX}")
    return SqlOrder(", ".join(columns), " OR ".join(ranks) or "false", ", ".join(terms))


def _sqlite(key: SortKey, parameters: Parameters) -> list[str] | None:
    if not addressable(key.path):
        return None
    place = f"body, {parameters.bind(path_text(key.path))}"
    cases = [
        f"WHEN json_type(body, {parameters.bind(path_text(key.path[:end]))}) = 'array' THEN {_COMPLEX}"
        for end in range(1, len(key.path))
    ]
    kind = f"json_type({place})"
    cases += [
        f"WHEN {kind} = 'text' THEN {_TEXT}",
        f"WHEN {kind} IN ('integer', 'real') THEN {_NUMBER}",
        f"WHEN {kind} IN ('true', 'false') THEN {_BOOLEAN}",
        f"WHEN {kind} IN ('array', 'object') THEN {_COMPLEX}",
    ]
    return [f"CASE {' '.join(cases)} ELSE {_NULL} END", f"json_extract({place})"]


def _postgresql(key: SortKey, parameters: Parameters) -> list[str] | None:
    if not all(map(is_storable, key.path)):
        return None

    def at(end: int) -> str:
        return f"CAST({parameters.bind([*key.path[:end]])} AS text[])"

    cases = [f"WHEN jsonb_typeof(doc #> {at(end)}) = 'array' THEN {_COMPLEX}" for end in range(1, len(key.path))]
    place = at(len(key.path))
    kind = f"jsonb_typeof(doc #> {place})"
    number = f"CASE WHEN {kind} = 'number' THEN CAST(doc #>> {place} AS numeric) END"
    cases += [
        f"WHEN {kind} = 'string' THEN {_TEXT}",
        f"WHEN abs({number}) > {2**53} THEN {_COMPLEX}",
        f"WHEN {kind} = 'number' THEN {_NUMBER}",
        f"WHEN {kind} = 'boolean' THEN {_BOOLEAN}",
        f"WHEN {kind} IN ('array', 'object') THEN {_COMPLEX}",
    ]
    # Of booleans too: false comes before true.
    words = f"CASE WHEN {kind} <> 'number' THEN doc #>> {place} END COLLATE \"C\""
    return [f"CASE {' '.join(cases)} ELSE {_NULL} END", number, words]
