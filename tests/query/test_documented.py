"""The tables of `docs/reference/query-language.md`: each example is run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from attrs import frozen

from meshydb_server.query import (
    QueryError,
    UpdateNotApplicableError,
    apply_update,
    matches,
    parse_filter,
    parse_order,
    parse_update,
    sort_documents,
)
from meshydb_server.query.errors import Kind, Place
from meshydb_server.query.filters.building import MAX_PATTERNS, MAX_VALUES
from meshydb_server.query.projections.building import MAX_STAGES
from meshydb_server.query.sorting import MAX_KEYS
from meshydb_server.query.syntax.reading import MAX_CHARACTERS, MAX_NODES, read_object
from meshydb_server.query.syntax.text import MAX_DEPTH
from meshydb_server.query.updates.applying import MAX_GAP
from meshydb_server.query.values.paths import MAX_PARTS
from meshydb_server.query.values.regex import MAX_LENGTH
from tests.support.contract import ROOT

_NOW: Final = datetime(2030, 1, 1, tzinfo=UTC)
_PAGE: Final = ROOT / "docs" / "reference" / "query-language.md"
_EXAMPLE: Final = re.compile(r"`([^`]+)`|\*absent\*")
_BOUNDS: Final = {
    "Characters of a filter, update or order": MAX_CHARACTERS,
    "Levels of objects and arrays": MAX_DEPTH,
    "Objects, arrays and members": MAX_NODES,
    "Values in `$in`, `$nin`, `$all`, `$each`": MAX_VALUES,
    "Regular expressions": MAX_PATTERNS,
    "Characters of a regular expression": MAX_LENGTH,
    "Parts of a path": MAX_PARTS,
    "Keys of an order": MAX_KEYS,
    "Nulls that `$set` puts into an array": MAX_GAP,
    "Stages of a projection": MAX_STAGES,
}
_PARSERS: Final[dict[str, Any]] = {"Filter": parse_filter, "Update": parse_update, "Order": parse_order}
# What no example can show.
_PROSE: Final = [["Here", "In MongoDB"]]


@frozen
class _Row:
    """A row of a table, with its cells by the names of the columns."""

    cells: dict[str, str]

    def examples(self, column: str) -> list[str | None]:
        """What stands as code in a cell; None for what is absent."""
        return [match[1] for match in _EXAMPLE.finditer(self.cells[column])]

    def documents(self, column: str) -> list[dict[str, Any]]:
        """The documents whose property `a` has the values of a cell."""
        return [{} if value is None else {"a": json.loads(value)} for value in self.examples(column)]

    def sources(self) -> list[str]:
        """What is to be parsed: the code of the first cell."""
        return [source for source in self.examples(next(iter(self.cells))) if source is not None]


def _rows() -> Iterator[_Row]:
    columns: list[str] = []
    for line in _PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            columns = []
        elif not columns:
            columns = cells
        elif set(line) - set("|-"):
            yield _Row(dict(zip(columns, cells, strict=True)))


_ROWS: Final = list(_rows())


def _with(*columns: str) -> pytest.MarkDecorator:
    rows = [row for row in _ROWS if all(column in row.cells for column in columns)]
    return pytest.mark.parametrize("row", rows, ids=lambda row: next(iter(row.cells.values())))


@_with("Filter", "Matches", "Does not match")
def test_filter(row: _Row) -> None:
    """A filter matches the documents that the page says, and no others."""
    for source in row.sources():
        tree = parse_filter(source)
        assert [matches(tree, each) for each in row.documents("Matches")] == [True] * len(row.documents("Matches"))
        others = row.documents("Does not match")
        assert [matches(tree, each) for each in others] == [False] * len(others)
    assert row.documents("Matches") + row.documents("Does not match")


@_with("Update", "Before", "After")
def test_update(row: _Row) -> None:
    """An update makes the document that the page says."""
    (source,), (before,), (after,) = row.sources(), row.examples("Before"), row.examples("After")
    document = apply_update(parse_update(source), json.loads(str(before)), _NOW)
    assert json.dumps(document, ensure_ascii=False) == after


@_with("Update", "Does not fit")
def test_update_that_does_not_fit(row: _Row) -> None:
    """An update does not fit the documents that the page says."""
    for source in row.sources():
        for document in row.documents("Does not fit"):
            with pytest.raises(UpdateNotApplicableError):
                apply_update(parse_update(source), document, _NOW)


@_with("Order", "Values of `a`, sorted")
def test_order(row: _Row) -> None:
    """An order sorts documents as the page says, whatever order they come in."""
    (source,) = row.sources()
    documents = [{"_id": i, **each} for i, each in enumerate(row.documents("Values of `a`, sorted"))]
    assert sort_documents(documents[::-1], parse_order(source)) == documents


@_with("Also", "The same as")
def test_relaxed_json(row: _Row) -> None:
    """Relaxed JSON is read as the JSON that the page says."""
    place = Place(Kind.FILTER_INVALID)
    (same,) = row.examples("The same as")
    for source in row.sources():
        read = read_object(source, place)
        assert read == read_object(json.loads(str(same)), place)
        with pytest.raises(json.JSONDecodeError):
            json.loads(source)


@_with("Message")
def test_refusal(row: _Row) -> None:
    """What the page says is refused is refused, with the message that it says."""
    (source,) = row.sources()
    with pytest.raises(QueryError) as caught:
        _PARSERS[next(iter(row.cells))](source)
    assert str(caught.value) == row.cells["Message"]


def test_bounds() -> None:
    """The bounds are those that the page says."""
    stated = {row.cells["Bound"]: int(row.cells["At most"].replace(",", "")) for row in _ROWS if "Bound" in row.cells}
    assert stated == _BOUNDS


def test_all_tables_are_run() -> None:
    """A test reads each table but those that no example can show, and each operator is in one of them."""
    known = [
        ["Filter", "Matches", "Does not match"],
        ["Update", "Before", "After"],
        ["Update", "Does not fit"],
        ["Order", "Values of `a`, sorted"],
        ["Also", "The same as"],
        ["Message"],
        ["Bound", "At most"],
        *_PROSE,
    ]
    for row in _ROWS:
        assert any(set(columns) <= row.cells.keys() for columns in known), row
    accepted = {
        name
        for row in _ROWS
        if not {"Message", "Does not fit"} & row.cells.keys()
        for name in re.findall(r"\$[a-zA-Z]+", next(iter(row.cells.values())))
    }
    assert _operators() <= accepted


def _operators() -> set[str]:
    """The operators that the contract lists."""
    text = (ROOT / "openapi.yaml").read_text(encoding="utf-8")
    rows = re.findall(r"^ +\| (?:Filter|Update), of .*$", text, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"\$[a-zA-Z]+", row)}
