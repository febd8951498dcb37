"""Filters and orders in SQL give what the evaluator gives, on each database."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.engine import Connection

from meshydb_server.query import (
    BY_ID,
    Filter,
    QueryError,
    apply_update,
    matches,
    parse_filter,
    parse_order,
    parse_update,
    sort_documents,
)
from meshydb_server.storage.meshes import delete_documents, document_lookup, from_body, replace_document, to_body
from meshydb_server.storage.meshes.translation import translate
from tests.query.values import DOCUMENTS, FILTERS, PATHS
from tests.server.meshes.stored import CASES, KEY, NOW, connected, fill, found, numbered

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


@pytest.mark.parametrize("kind", ["filter", "sort", "update"])
def test_cases(database_url: str, kind: str) -> None:
    """All filters, orders and updates of the cases do on a database what the evaluator does."""
    with connected(database_url) as connection:
        for case in CASES:
            if case["kind"] == kind and case["expect"] != "error":
                documents = numbered(case["docs"] if "docs" in case else [case["doc"]])
                fill(connection, documents)
                _RUN[kind](connection, documents, case)
                delete_documents(connection, KEY, [document["_id"] for document in documents])


def _filter_case(connection: Connection, documents: list[dict[str, Any]], case: dict[str, Any]) -> None:
    if _is_parsed(case["filter"]):
        _assert_agrees(connection, documents, parse_filter(case["filter"]))


def _sort_case(connection: Connection, documents: list[dict[str, Any]], case: dict[str, Any]) -> None:
    order = parse_order(case["sort"])
    expected = [document["_id"] for document in sort_documents(documents, order)]
    assert found(connection, parse_filter({}), order) == (len(expected), expected), case["name"]


def _update_case(connection: Connection, documents: list[dict[str, Any]], case: dict[str, Any]) -> None:
    (document,) = documents
    updated = apply_update(parse_update(case["update"]), document, NOW)
    replace_document(connection, KEY, document["_id"], to_body(updated))
    body = document_lookup(KEY, document["_id"]).on(connection)
    assert body is not None
    assert repr(from_body(body)) == repr({"_id": document["_id"], **case["expect"]}), case["name"]


_RUN: Final = {"filter": _filter_case, "sort": _sort_case, "update": _update_case}


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


@pytest.mark.parametrize("source", ["{}", "{'b.0': {$ne: 1}}"])
def test_ties(database_url: str, source: str) -> None:
    """Documents that tie come by `_id` ascending in either direction, sorted by the database and by Python."""
    for values in ([1, 2, 1, 2], [[1], [2], [1], [2]]):
        with connected(database_url) as connection:
            fill(connection, numbered({"a": value} for value in values))
            for direction, order in ((1, "1324"), (-1, "2413")):
                ids = [f"0000{number}" for number in order]
                assert found(connection, parse_filter(source), parse_order({"a": direction})) == (4, ids)


def test_page_of_many(database_url: str) -> None:
    """A page that Python sorts is right, though the keys of all documents are more than it keeps."""
    documents = numbered({"n": number * 7919 % 10_100} for number in range(10_100))
    ids = [document["_id"] for document in sorted(documents, key=lambda document: int(document["n"]))]
    with connected(database_url) as connection:
        fill(connection, documents)
        page = found(connection, parse_filter("{'b.0': {$ne: 1}}"), parse_order({"n": 1}), offset=30, limit=5)
    assert page == (10_100, ids[30:35])


def _tree(source: dict[str, Any]) -> Filter:
    try:
        return parse_filter(source)
    except QueryError:
        return parse_filter({})


_AWKWARD_NAMES: Final = ["a", 'quo"te', "back\\slash", "é", "", " ", "🙂", "new\nline", "$", "1", "%s", ":p", "?"]
_AWKWARD: Final = st.sampled_from(_AWKWARD_NAMES)
_LIMITS: Final[list[float]] = [
    *(0, -1, 1, 1.0, -0.0, 0.1, 0.30000000000000004, 1e-7, 1e22, 1.5e308, 5e-324, 2**31, -(2**31) - 1),
    *(2**53, 2.0**53, 2**53 + 1, 2**56 + 16, 2.0**56 + 16, 2**63 - 1, -(2**63), 2.0**63),
]
_NUMBERS: Final = st.sampled_from(_LIMITS) | st.floats(allow_nan=False, allow_infinity=False)
_LEAVES: Final = _NUMBERS | st.sampled_from(
    [None, True, False, "", "a", "a'b", 'a"b', "a\\b", "a\nb", "é", "😀", "\uffee"]
)
_THINGS: Final = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_AWKWARD, inner, max_size=3), max_leaves=5
)
_NAMED: Final = st.dictionaries(_AWKWARD, _THINGS, max_size=4)
_TO: Final = (
    st.lists(_AWKWARD, min_size=1, max_size=2)
    .map(".".join)
    .filter(lambda path: not path.startswith("$") and ".$" not in path)
)
_ASKED: Final = st.one_of(
    st.builds(
        lambda name, value: {name: value}, st.sampled_from(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"]), _LEAVES
    ),
    st.builds(
        lambda name, values: {name: values}, st.sampled_from(["$in", "$nin", "$all"]), st.lists(_LEAVES, max_size=4)
    ),
    st.builds(lambda kind: {"$type": kind}, st.sampled_from(["int", "long", "double", "number", ["array", "null"]])),
    st.builds(lambda d, r: {"$mod": [d, r]}, st.sampled_from([1, -1, 2, 3, 2**63 - 1, -(2**63)]), st.integers(-2, 2)),
    st.builds(lambda value, other: {"$elemMatch": {"$gt": value, "$not": {"$lte": other}}}, _LEAVES, _LEAVES),
    st.builds(lambda name, value: {"$elemMatch": {name: value}}, _TO, _LEAVES),
)


def test_awkward_names(database_url: str) -> None:
    """Fields whose names have quotes, backslashes or line breaks, or are empty, are found and sorted by."""
    for name in _AWKWARD_NAMES:
        documents = numbered([{name: 2}, {name: [1]}, {"other": 1}, {name: {name: 1}}])
        with connected(database_url) as connection:
            fill(connection, documents)
            for condition in (2, 1, {"$exists": True}, {"$exists": False}, {"$ne": 2}):
                for path in (name, f"{name}.{name}"):
                    if not path.startswith("$"):
                        _assert_agrees(connection, documents, parse_filter({path: condition}))
            if name not in {"", "$"}:
                order = parse_order({name: -1})
                expected = [document["_id"] for document in sort_documents(documents, order)]
                assert found(connection, parse_filter({}), order) == (len(expected), expected)


def test_limits_of_numbers(database_url: str) -> None:
    """Integers and doubles at their limits compare exactly, true is none of them, and so they are sorted."""
    documents = numbered({"a": number} for number in [*_LIMITS, True, False, None, "1"])
    with connected(database_url) as connection:
        fill(connection, documents)
        for number in _LIMITS:
            for condition in ({"$eq": number}, {"$gt": number}, {"$lte": number}, {"$in": [number, 7]}):
                _assert_agrees(connection, documents, parse_filter({"a": condition}))
        order = parse_order({"a": 1})
        expected = [document["_id"] for document in sort_documents(documents, order)]
        assert found(connection, parse_filter({}), order) == (len(expected), expected)


@_SHARED
@given(
    documents=st.lists(_NAMED, min_size=1, max_size=5),
    source=st.dictionaries(_TO, _ASKED, min_size=1, max_size=2),
)
def test_awkward_values(database_url: str, documents: list[dict[str, Any]], source: dict[str, Any]) -> None:
    """Names with quotes and the numbers at the limits are compared as the evaluator compares them."""
    tree = _tree(source)
    with connected(database_url) as connection:
        fill(connection, numbered(documents))
        _assert_agrees(connection, numbered(documents), tree)


def _plan(connection: Connection, source: str, rest: str = "") -> str:
    where = translate(parse_filter(source), connection.dialect.name)
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    place = "account = :account AND tenant = :tenant AND mesh = :mesh"
    statement = f"{explain} SELECT id FROM documents WHERE {place} AND {where.text} {rest}"  # noqa: S608 - bound
    return "\n".join(row[-1] for row in connection.execute(text(statement), {**KEY.values, **where.values}))


@pytest.mark.parametrize(
    ("source", "indexed"),
    [
        ("{a: 7}", True),
        ("{'a.b': 'x', c: {$gt: 5}}", True),
        ("{a: {$in: [7, 'x']}}", True),
        ("{$or: [{a: true}, {a: 7}]}", True),
        ("{a: {$elemMatch: {b: 'x', c: {$gt: 1}}}}", True),
        ("{a: {$gt: 7}}", False),
        ("{a: {$ne: 7}}", False),
        ("{$or: [{a: 7}, {b: {$gt: 7}}]}", False),
    ],
)
def test_plans_of_filters(database_url: str, source: str, indexed: bool) -> None:  # noqa: FBT001 - a parameter
    """PostgreSQL finds equality by the index on values, and uses it for nothing that would go through all of it."""
    with connected(database_url) as connection:
        if connection.dialect.name == "sqlite":
            pytest.skip("SQLite has no index on values.")
        fill(connection, numbered({"a": number, "b": "x" * 100} for number in range(3000)))
        connection.exec_driver_sql("ANALYZE documents")
        assert ("ix_documents_doc" in _plan(connection, source)) is indexed


def test_plans_by_id(database_url: str) -> None:
    """Ids are found by the key, in the order of ids without sorting."""
    with connected(database_url) as connection:
        fill(connection, numbered({"a": number} for number in range(3000)))
        connection.exec_driver_sql("ANALYZE documents")
        for source in (
            "{_id: '00007'}",
            "{_id: {$gt: '00007', $lt: '00012'}}",
            "{_id: /^0000/}",
            "{_id: {$in: ['1']}}",
        ):
            plan = _plan(connection, source, "ORDER BY id LIMIT 25")
            assert "id=?" in plan or "id>?" in plan or "(id " in plan.replace("documents.", ""), plan
        plan = _plan(connection, "{}", "ORDER BY id LIMIT 25")
        assert "USING COVERING INDEX sqlite_autoindex_documents_1" in plan or "pk_documents" in plan
        assert "B-TREE" not in plan
        assert "Sort" not in plan


@pytest.mark.parametrize(
    ("source", "exact"),
    [
        ("{a: 5, 'b.c.d': {$gte: 'x'}, e: {$in: [1, 'x', null]}}", True),
        ("{$nor: [{a: 5}, {b: {$exists: true}}, {c: {$type: 'string'}}]}", True),
        ("{a: /^Rob/, b: /literal/, c: {$elemMatch: {$gt: 3, $not: {$gt: 5}}}}", True),
        ("{a: {$elemMatch: {b: 1, c: {$ne: 2}}}, d: {$size: 2}}", True),
        ("{a: /^Rob.*y/}", False),
        ("{a: {$gt: ISODate('2020-01-01')}}", False),
        ("{'a.0': 5}", False),
    ],
)
def test_exact(database_url: str, source: str, exact: bool) -> None:  # noqa: FBT001 - a parameter
    """Both databases count and page filters by themselves, but those that only the evaluator knows."""
    dialect = "sqlite" if database_url.startswith("sqlite") else "postgresql"
    assert translate(parse_filter(source), dialect).exact is exact


def test_depth(database_url: str) -> None:
    """Filters as deep and as wide as they may be find what the evaluator finds."""
    documents = numbered([{"a": 1}, {"a": [{"a": [{"a": 1}]}]}, {"a": [[1]]}])
    deep: dict[str, Any] = {"a": 1}
    nested: dict[str, Any] = {"a": 1}
    dotted: dict[str, Any] = {"a.b": 1}
    for level in range(8):
        deep = {("$and", "$or", "$nor")[level % 3]: [deep, {f"b{level}.c.d": None}]}
        nested = {"a": {"$elemMatch": nested}}
        dotted = {"a.b": {"$elemMatch": dotted}}
    wide = {"$or": [{f"a{number}": 1} for number in range(300)] + [{"a": 1}]}
    with connected(database_url) as connection:
        fill(connection, documents)
        for source in (deep, nested, dotted, wide, {"a": {"$in": [*range(1000)]}}):
            _assert_agrees(connection, documents, parse_filter(source))


@pytest.mark.parametrize("path", ["a", "a.b", "a.b.c"])
def test_nested_items(database_url: str, path: str) -> None:
    """The size of a condition does not multiply with each `$elemMatch` inside another."""
    dialect = "sqlite" if database_url.startswith("sqlite") else "postgresql"
    tree: dict[str, Any] = {path: 1}
    for level in range(9):
        tree = {path: {"$elemMatch": tree}}
        where = translate(parse_filter(tree), dialect)
        assert len(where.values) < 100, level
        assert len(where.text) < 10_000, level


def test_patterns_do_not_reach_the_database(database_url: str) -> None:
    """Of a regular expression, no more than the literal text that it begins with is a value of the statement."""
    dialect = "sqlite" if database_url.startswith("sqlite") else "postgresql"
    for source in ("{a: /^Rob(x+)+y/}", "{a: /Rob(x+)+y/}", "{a: {$in: [/^Rob(x+)+y/]}}", "{a: /rob(x+)+/i}"):
        values = repr(translate(parse_filter(source), dialect).values)
        assert "x+" not in values
