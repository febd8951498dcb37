"""Filters: rules that the cases leave open, and laws."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshydb_server.query import MATCH_ALL, matches, parse_filter
from meshydb_server.query.values.comparison import key
from tests.query.values import DOCUMENTS, FIELDS, FILTERS, NAMES, PATHS, VALUES


def _matching(source: object, *values: Any) -> list[Any]:
    """The values with which `{"a": value}` matches."""
    tree = parse_filter(source)
    return [value for value in values if matches(tree, {"a": value})]


@pytest.mark.parametrize(
    ("source", "found", "not_found"),
    [
        ("{a:{$gt:'\uff5e'}}", ["😀"], ["é"]),
        ("{a:{$gt:{x:1}}}", [{"x": 2}, {"y": 0}, {"x": "a"}, {"x": 1, "y": 0}], [{"x": 0}, 3, {"x": 1}]),
        ("{'a.b':2}", [{"b": 2}, [{"b": 1}, {"b": 2}]], [[[{"b": 2}]]]),
        ("{'a.1':{$ne:4}}", [[3], [3, 5]], [[3, 4]]),
        ("{'a.1':5}", [[0, 5], {"1": 5}, [{"1": 5}]], [[0, [5]]]),
        ("{'a.1':null}", [[{"x": 1}], [0, None], {}, 3], [[0, 1], [], [0]]),
        ("{'a.1.b':4}", [[5, {"b": 4}], [5, [{"b": 4}]], [{"1": {"b": 4}}]], [[{"b": 4}], [5, [[{"b": 4}]]]]),
        ("{'a.01':5}", [{"01": 5}], [[0, 5]]),
        ("{a:{$elemMatch:{b:null}}}", [[{"b": None}], [[]], [{}]], [[1], {}, []]),
        ("{a:{$elemMatch:{'0':1}}}", [[[1]], [{"0": 1}]], [[1]]),
        ("{a:{$elemMatch:{$gt:3}}}", [[4]], [4, [[4]]]),
        ("{a:{$elemMatch:{$elemMatch:{$gt:3}}}}", [[[4]]], [[4]]),
        ("{a:{$elemMatch:{$or:[{b:1},{c:1}]}}}", [[{"b": 1}], [{"c": 1}]], [[{"d": 1}], {"b": 1}]),
        ("{a:{$elemMatch:{}}}", [[{}], [[]]], [[1], []]),
        ("{a:{$all:[/^x/,/y$/]}}", ["xy", ["xa", "by"]], ["x", ["xa"]]),
        ("{a:{$all:[[1,2]]}}", [[1, 2], [[1, 2]]], [[2, 1]]),
        ("{a:{$in:[/^x/,5]}}", ["xa", 5, ["b", "xc"]], ["ax", 6]),
        ("{a:{$nin:[/^x/,null]}}", ["ax", 6], ["xa", None, [None]]),
        ("{a:{$in:[[1],{b:1}]}}", [[1], [[1]], {"b": 1}, {"b": 1.0}], [1, {"b": 1, "c": 1}]),
        ("{a:{$in:[true]}}", [True], [1, "true"]),
        ("{a:{$type:'number'}}", [1, 2.5, 2**40, ["x", 1]], [True, "1", None]),
        ("{a:{$type:['int','null']}}", [1, None], [2.5, 2**40]),
        ("{a:{$type:1}}", [1.0], [1]),
        ("{a:{$type:'long'}}", [2**40], [1]),
        ("{a:{$type:'date'}}", [], ["2020-01-01T00:00:00Z"]),
        ("{a:{$type:'bool'}}", [True, [False]], [0, 1]),
        ("{a:{$mod:[4.9,-1]}}", [-5, -1.9], [3, 5, -4]),
        ("{a:{$mod:[2,0]}}", [0, 4], [True, 1e300, None]),
        ("{a:{$exists:null}}", [], [1, None]),
        ("{a:{$size:2.0}}", [[1, 2]], [[[1, 2]]]),
        ("{a:{}}", [{}, [{}]], [{"x": 1}, None]),
        ("{a:{x:{$gt:1}}}", [], [{"x": 2}]),
        ("{'a.b.c':{$exists:true}}", [{"b": {"c": None}}, [{"b": [{"c": 1}]}]], [{"b": 1}, [], [{"b": {}}]]),
        ("{a:/^A.b/is}", ["a\nB"], ["ab", 5]),
        ("{a:{$not:/x/}}", ["a", 5, [], None], ["x", ["x"]]),
        ("{a:{$regex:/^a/,$options:'i'}}", ["A"], ["B"]),
        (r"{a:/lue\ 1\#$/}", ["blue 1#"], ["blue 1"]),
        ("{a:{$lt:9007199254740993}}", [9007199254740992.0, 2**53], [2**53 + 1, 9007199254740994.0]),
        ("{'':1}", [], [1]),
    ],
)
def test_rules(source: str, found: list[Any], not_found: list[Any]) -> None:
    """A filter finds the values that it should, and no others."""
    assert _matching(source, *found, *not_found) == found


@pytest.mark.parametrize(
    ("source", "found", "not_found"),
    [
        (
            "{a:ISODate('2020-01-01T00:00:00Z')}",
            ["2020-01-01T00:00:00.000Z", "2020-01-01T01:00:00+01:00"],
            [1577836800000],
        ),
        (
            "{a:ISODate('2020-01-01')}",
            ["2020-01-01T00:00:00", "2020-01-01T00:00Z", "2020-01-01T01:00+01", "2019-12-31T20:30:00-0330"],
            ["2020-01-01", "2020-01-01T01:00+1"],
        ),
        (
            "{a:{$gt:ISODate('2020-01-01')}}",
            ["2020-01-01T00:00:00.0000001Z", ["2021-01-01T00:00:00Z"]],
            ["z", "2021", 9],
        ),
        ("{a:{$ne:ISODate('2020-01-01')}}", ["x", None], ["2020-01-01T00:00:00Z"]),
        ("{a:{$in:[1,ISODate('2020-01-01')]}}", [1, "2020-01-01T00:00:00Z"], ["2020-01-02T00:00:00Z"]),
        ("{a:{d:ISODate('2020-01-01')}}", [{"d": "2020-01-01T00:00:00Z"}], [{"d": "x"}, {"e": "2020-01-01T00:00:00Z"}]),
        ("{a:{$in:[[ISODate('2020-01-01')]]}}", [["2020-01-01T00:00:00Z"]], [["x"]]),
        ("{a:{$lt:ISODate('0001-01-02')}}", ["0001-01-01T00:00:00Z"], ["0000-01-01T00:00:00Z"]),
    ],
)
def test_dates(source: str, found: list[Any], not_found: list[Any]) -> None:
    """A date literal compares, as an instant, with text that is a date-time of ISO 8601, and with nothing else."""
    assert _matching(source, *found, *not_found) == found


def test_missing_field() -> None:
    """A field that is not there is null for equality and ranges, and does not exist."""
    for source in (
        "{a:null}",
        "{a:{$gte:null}}",
        "{a:{$exists:false}}",
        "{'a.b':null}",
        "{a:{$ne:1}}",
        "{a:{$in:[null]}}",
    ):
        assert matches(parse_filter(source), {"b": 1})
    for source in ("{a:{$gt:null}}", "{a:{$type:'null'}}", "{a:{$lt:5}}", "{a:{$size:0}}", "{a:{$all:[]}}"):
        assert not matches(parse_filter(source), {"b": 1})


def test_hostile_pattern_ends() -> None:
    """A pattern that takes others exponential time finds nothing in a long text."""
    assert _matching("{a:/^(a+)+$/}", "a" * 100_000 + "b") == []


def test_hostile_dates_end() -> None:
    """Many arrays of dates are looked for in a long array without a comparison of each with each."""
    source = "{a:{$in:[" + ",".join(["[Date(0)]"] * 300) + "]}}"
    assert _matching(source, [1] * 20_000, [["1970-01-01T00:00:00Z"]]) == [[["1970-01-01T00:00:00Z"]]]


def test_hostile_path_ends() -> None:
    """A path of numbers, each of which can be read in two ways at each level, leads to its value."""
    value: Any = [1]
    for _ in range(49):
        value = [{"0": value}]
    assert matches(parse_filter({"a" + ".0" * 99: 1}), {"a": value})
    assert not matches(parse_filter({"a" + ".0" * 74: 2}), {"a": value})


@given(FILTERS, DOCUMENTS)
def test_complement(source: dict[str, Any], document: dict[str, Any]) -> None:
    """`$nor` is the exact complement of a filter."""
    assert matches(parse_filter({"$nor": [source]}), document) is not matches(parse_filter(source), document)


@given(PATHS, VALUES, DOCUMENTS)
def test_negations(path: str, value: Any, document: dict[str, Any]) -> None:
    """`$ne`, `$nin` and `$not` are the exact complements of `$eq`, `$in` and what they hold."""
    equal = matches(parse_filter({path: {"$eq": value}}), document)
    assert matches(parse_filter({path: {"$in": [value]}}), document) is equal
    for negation in ({"$ne": value}, {"$nin": [value]}, {"$not": {"$eq": value}}):
        assert matches(parse_filter({path: negation}), document) is not equal


@given(st.lists(FILTERS, min_size=1, max_size=3), DOCUMENTS)
def test_logic(parts: list[dict[str, Any]], document: dict[str, Any]) -> None:
    """`$and` and `$or` are all and any of their parts, in whatever order."""
    each = [matches(parse_filter(part), document) for part in parts]
    for ordered in (parts, parts[::-1]):
        assert matches(parse_filter({"$and": ordered}), document) is all(each)
        assert matches(parse_filter({"$or": ordered}), document) is any(each)


@given(PATHS, VALUES, DOCUMENTS)
def test_ranges_include_equality(path: str, value: Any, document: dict[str, Any]) -> None:
    """`$gte` is `$gt` or equal, and `$lte` is `$lt` or equal."""
    met = {
        name: matches(parse_filter({path: {name: value}}), document) for name in ("$eq", "$gt", "$gte", "$lt", "$lte")
    }
    assert met["$gte"] is (met["$gt"] or met["$eq"])
    assert met["$lte"] is (met["$lt"] or met["$eq"])


@given(FIELDS, DOCUMENTS)
def test_documents_stay(source: dict[str, Any], document: dict[str, Any]) -> None:
    """Neither the filter nor the document is changed."""
    before = copy.deepcopy((source, document))
    matches(parse_filter(source), document)
    assert (source, document) == before


@given(NAMES, VALUES)
def test_value_equals_itself(name: str, value: Any) -> None:
    """A document matches each of its fields."""
    assert matches(parse_filter({name: {"$eq": value}}), {name: value})


@given(VALUES, VALUES, VALUES)
def test_keys_order_all_values(one: Any, two: Any, three: Any) -> None:
    """Any two values compare, equal ones hash alike, and the order is transitive."""
    assert (key(one) < key(two)) + (key(one) == key(two)) + (key(one) > key(two)) == 1
    assert key(one) != key(two) or hash(key(one)) == hash(key(two))
    least, middle, greatest = sorted([key(one), key(two), key(three)])
    assert least <= middle <= greatest
    assert least <= greatest


@given(DOCUMENTS)
def test_empty_filter(document: dict[str, Any]) -> None:
    """The empty filter matches every document."""
    assert parse_filter({}) == MATCH_ALL
    assert matches(MATCH_ALL, document)
