"""Filters and orders in SQL give what the evaluator gives, on each database."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.engine import Connection

from meshydb_server.query import BY_ID, Filter, QueryError, matches, parse_filter, parse_order, sort_documents
from meshydb_server.storage.meshes.translation import translate
from tests.query.values import DOCUMENTS, FILTERS, PATHS
from tests.server.meshes.stored import CASES, KEY, connected, fill, found, numbered

# The database stays for all examples; each is taken back.
_SHARED: Final = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
_ORDERS: Final = st.dictionaries(PATHS | st.just("_id"), st.sampled_from([1, -1]), min_size=1, max_size=3)


def _candidates(connection: Connection, tree: Filter) -> tuple[list[str], bool]:
    """The ids of the rows that meet the condition of a filter, and whether it is exact."""
    where = translate(tree, connection.dialect.name)
    place = "account = :account AND tenant = :tenant AND mesh = :mesh"
    statement = text(f"SELECT id FROM documents WHERE {place} AND {where.text} ORDER BY id")  # noqa: S608 - bound
    return [*connection.scalars(statement, {**KEY.values, **where.values})], where.exact


def _assert_agrees(connection: Connection, documents: list[dict[str, Any]], tree: Filter) -> bool:
    """SQL finds what the evaluator finds, or more if it says so. Returns whether it is exact."""
    expected = [document["_id"] for document in documents if matches(tree, document)]
    candidates, exact = _candidates(connection, tree)
    if exact:
        assert candidates == expected
    else:
        assert {*candidates} >= {*expected}
    assert found(connection, tree, BY_ID) == (len(expected), expected)
    return exact


@pytest.mark.parametrize("kind", ["filter", "sort"])
def test_cases(database_url: str, kind: str) -> None:
    """All filters and orders of the cases find on a database what the evaluator finds."""
    for case in CASES:
        if case["kind"] != kind or (kind == "filter" and case["expect"] == "error"):
            continue
        documents = numbered(case["docs"])
        with connected(database_url) as connection:
            fill(connection, documents)
            if kind == "sort":
                order = parse_order(case["sort"])
                expected = [document["_id"] for document in sort_documents(documents, order)]
                assert found(connection, parse_filter({}), order) == (len(expected), expected), case["name"]
            elif _is_parsed(case["filter"]):
                _assert_agrees(connection, documents, parse_filter(case["filter"]))


def _is_parsed(source: dict[str, Any]) -> bool:
    try:
        parse_filter(source)
    except QueryError:
        return False
    return True


@_SHARED
@given(documents=st.lists(DOCUMENTS, min_size=1, max_size=6), source=FILTERS)
def test_random_filters(database_url: str, documents: list[dict[str, Any]], source: dict[str, Any]) -> None:
    """A random filter finds in random documents what the evaluator finds."""
    tree = _tree(source)
    with connected(database_url) as connection:
        fill(connection, numbered(documents))
        _assert_agrees(connection, numbered(documents), tree)


@_SHARED
@given(documents=st.lists(DOCUMENTS, max_size=6), source=_ORDERS, offset=st.integers(0, 3), limit=st.integers(1, 4))
def test_random_orders(
    database_url: str, documents: list[dict[str, Any]], source: dict[str, int], offset: int, limit: int
) -> None:
    """A page in a random order is that of the documents that Python sorted."""
    order = parse_order(source)
    expected = [document["_id"] for document in sort_documents(numbered(documents), order)]
    with connected(database_url) as connection:
        fill(connection, numbered(documents))
        result = found(connection, parse_filter({}), order, offset=offset, limit=limit)
    assert result == (len(expected), expected[offset : offset + limit])


def _tree(source: dict[str, Any]) -> Filter:
    try:
        return parse_filter(source)
    except QueryError:
        return parse_filter({})
