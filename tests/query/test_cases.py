"""Cases of filters, orders, updates and texts, with their results.

In `cases.jsonl`, `expect` is the result of MongoDB, and `ours`, beside it, is a decision of our own. `more_cases.jsonl`
holds further ones of the same form, whose `expect` includes our decisions.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from meshydb_server.query import (
    QueryError,
    apply_update,
    is_absent,
    matches,
    parse_filter,
    parse_order,
    parse_update,
    sort_documents,
)
from meshydb_server.query.errors import Kind, Place
from meshydb_server.query.syntax.reading import read_object

_NOW: Final = datetime(2030, 1, 1, tzinfo=UTC)


def _read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(__file__).with_name(name).read_text("utf-8").splitlines()]


_FIRST: Final = _read("cases.jsonl")
_CASES: Final = [*_FIRST, *_read("more_cases.jsonl")]
# Whose documents hold dates and ids as Extended JSON, which documents here hold as text.
_AS_TEXT: Final = {
    "date-range": (
        [{"a": "2020-01-01T00:00:00Z"}, {"a": "2020-06-01T00:00:00Z"}, {"a": "2020-06-01T00:00:00Z"}],
        [2, 3],
    ),
    "oid-eq": ([{"a": "5c78cc81dd870827a8e7b6c4"}, {"a": "5c78cc81dd870827a8e7b6c4"}], [1, 2]),
}
_OURS: Final[dict[str, Any]] = {"regex-dollar-newline": [1], "expr": "error"}


def _of_kind(kind: str) -> pytest.MarkDecorator:
    cases = [case for case in _CASES if case["kind"] == kind]
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])


def _expected(case: dict[str, Any]) -> Any:
    return _OURS.get(case["name"], case["expect"])


def test_all_cases_are_there() -> None:
    """The first file has 182 cases, and every one with a decision of ours is named here, unless it adds a bound."""
    assert len(_FIRST) == 182
    assert len({case["name"] for case in _CASES}) == len(_CASES)
    assert {case["name"] for case in _CASES if "ours" in case} == {*_OURS, *_AS_TEXT, "set-index-pad"}


@_of_kind("filter")
def test_filter(case: dict[str, Any]) -> None:
    """A filter finds the documents of its case, or is refused."""
    documents, expected = _AS_TEXT.get(case["name"], (case["docs"], _expected(case)))
    if expected == "error":
        with pytest.raises(QueryError):
            parse_filter(case["filter"])
        return
    tree = parse_filter(case["filter"])
    assert [i for i, document in enumerate(documents, 1) if matches(tree, {"_id": i, **document})] == expected


@_of_kind("sort")
def test_sort(case: dict[str, Any]) -> None:
    """An order sorts the documents of its case."""
    documents = [{"_id": i, **document} for i, document in enumerate(case["docs"], 1)]
    assert [document["_id"] for document in sort_documents(documents, parse_order(case["sort"]))] == case["expect"]


@_of_kind("update")
def test_update(case: dict[str, Any]) -> None:
    """An update makes the document of its case, or is refused, and returns the same object where nothing changes."""
    if case["expect"] == "error":
        with pytest.raises(QueryError):
            apply_update(parse_update(case["update"]), case["doc"], _NOW)
        return
    result = apply_update(parse_update(case["update"]), case["doc"], _NOW)
    assert repr(result) == repr(case["expect"])
    assert (result is not case["doc"]) == case.get("modified", 1)


@_of_kind("parse")
def test_parse(case: dict[str, Any]) -> None:
    """A text is read as the value of its case in Extended JSON, is absent, or is refused."""
    if case["expect"] == "absent":
        assert is_absent(case["text"])
        return
    assert not is_absent(case["text"])
    if case["expect"] == "error":
        with pytest.raises(QueryError):
            parse_filter(case["text"])
        return
    place = Place(Kind.FILTER_INVALID)
    assert read_object(case["text"], place) == read_object(case["expect"], place)
