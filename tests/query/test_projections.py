"""Projections: what each stage makes, and the limits."""

from __future__ import annotations

import copy
from typing import Any, Final

import pytest

from meshydb_server.query import LimitExceededError, matches, parse_pipeline, run_pipeline

_SALES: Final = [
    {"_id": "1", "shop": "A", "n": 1, "tags": ["x", "y"], "by": {"name": "Rosa"}},
    {"_id": "2", "shop": "B", "n": 2.5, "tags": [], "by": {"name": "Ina"}},
    {"_id": "3", "shop": "A", "n": 4, "tags": "z", "by": {"name": "Rosa"}},
    {"_id": "4", "n": "many"},
]


def _run(source: object, documents: list[Any] | None = None) -> list[Any]:
    given: list[Any] = copy.deepcopy(_SALES if documents is None else documents)
    result = list(run_pipeline(parse_pipeline(source), given))
    assert given == (_SALES if documents is None else documents)
    return result


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[]", _SALES),
        ("[{$match:{n:{$gt:1}}},{$project:{_id:1}}]", [{"_id": "2"}, {"_id": "3"}]),
        ("[{$count:'total'}]", [{"total": 4}]),
        ("[{$match:{n:99}},{$count:'total'}]", []),
        ("[{$sort:{n:-1}},{$skip:1},{$limit:2},{$project:{_id:1}}]", [{"_id": "3"}, {"_id": "2"}]),
        ("[{$sortByCount:'$shop'}]", [{"_id": "A", "count": 2}, {"_id": None, "count": 1}, {"_id": "B", "count": 1}]),
        (
            "[{$group:{_id:'$shop',sum:{$sum:'$n'},n:{$sum:1},avg:{$avg:'$n'},lo:{$min:'$n'},hi:{$max:'$n'}}}]",
            [
                {"_id": "A", "sum": 5, "n": 2, "avg": 2.5, "lo": 1, "hi": 4},
                {"_id": "B", "sum": 2.5, "n": 1, "avg": 2.5, "lo": 2.5, "hi": 2.5},
                {"_id": None, "sum": 0, "n": 1, "avg": None, "lo": "many", "hi": "many"},
            ],
        ),
        (
            "[{$group:{_id:null,first:{$first:'$shop'},last:{$last:'$shop'},none:{$max:'$none'}}}]",
            [{"_id": None, "first": "A", "last": None, "none": None}],
        ),
        (
            "[{$group:{_id:{s:'$shop',who:'$by.name'}}}]",
            [{"_id": {"s": "A", "who": "Rosa"}}, {"_id": {"s": "B", "who": "Ina"}}, {"_id": {}}],
        ),
        (
            "[{$unwind:'$tags'},{$project:{tags:1}}]",
            [{"_id": "1", "tags": "x"}, {"_id": "1", "tags": "y"}, {"_id": "3", "tags": "z"}],
        ),
        (
            "[{$unwind:{path:'$tags',includeArrayIndex:'i',preserveNullAndEmptyArrays:true}},{$project:{tags:1,i:1}}]",
            [
                {"_id": "1", "tags": "x", "i": 0},
                {"_id": "1", "tags": "y", "i": 1},
                {"_id": "2", "i": None},
                {"_id": "3", "tags": "z", "i": None},
                {"_id": "4", "i": None},
            ],
        ),
    ],
)
def test_stages(source: str, expected: list[Any]) -> None:
    """Each stage makes the documents that it should."""
    assert repr(_run(source)) == repr(expected)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("{a:1}", {"_id": 1, "a": {"b": 1, "c": 2}}),
        ("{'a.b':1,_id:0}", {"a": {"b": 1}}),
        ("{a:{b:true}}", {"_id": 1, "a": {"b": 1}}),
        ("{'l.x':1}", {"_id": 1, "l": [{"x": 1}, {}, [{"x": 3}]]}),
        ("{'l.x':0,a:0}", {"_id": 1, "l": [{"y": 1}, {"y": 2}, 5, [{}]], "t": "z"}),
        ("{_id:0}", {"a": {"b": 1, "c": 2}, "l": [{"x": 1, "y": 1}, {"y": 2}, 5, [{"x": 3}]], "t": "z"}),
        ("{_id:0,t:0,l:0}", {"a": {"b": 1, "c": 2}}),
        ("{new:'$a.b',gone:'$a.x'}", {"_id": 1, "new": 1}),
        ("{'n.m':'$t',t:1}", {"_id": 1, "t": "z", "n": {"m": "z"}}),
        ("{xs:'$l.x',_id:false}", {"xs": [1]}),
        ("{ys:'$a.y',none:'$t.x',ls:'$l.0',_id:0}", {"ls": []}),
        ("{'l.z':'$t',_id:0}", {"l": [{"z": "z"}, {"z": "z"}, {"z": "z"}, [{"z": "z"}]]}),
        ("{'l.x':1,'l.z':'$t',_id:0}", {"l": [{"x": 1, "z": "z"}, {"z": "z"}, {"z": "z"}, [{"x": 3, "z": "z"}]]}),
        ("{t:1,'a.x':'$t'}", {"_id": 1, "a": {"x": "z"}, "t": "z"}),
        ("{'t.x.y':'$t','a.x':'$none'}", {"_id": 1, "a": {}, "t": {"x": {"y": "z"}}}),
        ("{'new.x':'$none','new.y':'$t'}", {"_id": 1, "new": {"y": "z"}}),
        ("{'_id.x':1,t:1}", {"t": "z"}),
        ("{'_id.x':'$t'}", {"_id": {"x": "z"}}),
        ("{_id:1,a:0,l:0}", {"_id": 1, "t": "z"}),
        ("{_id:1}", {"_id": 1}),
        ("{_id:'$t',a:1}", {"_id": "z", "a": {"b": 1, "c": 2}}),
        ("{t:1,'t.u':0}", None),
    ],
)
def test_project(fields: str, expected: Any) -> None:
    """`$project` keeps, drops and computes fields."""
    document = {"_id": 1, "a": {"b": 1, "c": 2}, "l": [{"x": 1, "y": 1}, {"y": 2}, 5, [{"x": 3}]], "t": "z"}
    if expected is None:
        with pytest.raises(ValueError, match="stands twice"):
            parse_pipeline(f"[{{$project:{fields}}}]")
        return
    assert repr(_run(f"[{{$project:{fields}}}]", [document])) == repr([expected])


def test_fields_in_ids() -> None:
    """`$project` keeps and drops fields in an `_id` that is an object, as `$group` makes them."""
    group = "[{$group:{_id:{s:'$shop',who:'$by.name'}}},{$limit:1},{$project:{'_id.who':%d}}]"
    assert _run(group % 1) == [{"_id": {"who": "Rosa"}}]
    assert _run(group % 0) == [{"_id": {"s": "A"}}]


def test_arrays_in_arrays_are_not_gone_through() -> None:
    """Paths in `$group` lead through objects in an array, not through arrays in it."""
    documents = [{"a": [{"b": 1}, [{"b": 2}], {"c": 3}, 4]}]
    assert _run("[{$group:{_id:'$a.b'}}]", documents) == [{"_id": [1]}]


def test_equal_numbers_are_one_group() -> None:
    """1 and 1.0 are one group, true is another."""
    documents = [{"a": 1}, {"a": 1.0}, {"a": True}]
    assert _run("[{$sortByCount:'$a'}]", documents) == [{"_id": 1, "count": 2}, {"_id": True, "count": 1}]


def test_sums_are_exact() -> None:
    """A sum of doubles is the nearest double; one of integers stays an integer as long as it fits into 64 bits."""
    source = "[{$group:{_id:null,s:{$sum:'$a'}}}]"
    assert _run(source, [{"a": 0.1}] * 10) == [{"_id": None, "s": 1.0}]
    assert _run(source, [{"a": 1e308}, {"a": 1e308}, {"a": -1e308}]) == [{"_id": None, "s": 1e308}]
    assert repr(_run(source, [{"a": 2**62}, {"a": 2**62}])) == repr([{"_id": None, "s": float(2**63)}])
    with pytest.raises(LimitExceededError):
        _run(source, [{"a": 1e308}, {"a": 1e308}])


def test_first_match() -> None:
    """The filter of a first `$match` is split off, for the database."""
    first, rest = parse_pipeline("[{$match:{a:1}},{$count:'n'}]").without_first_match()
    assert first is not None
    assert matches(first, {"a": 1})
    assert rest == parse_pipeline("[{$count:'n'}]")
    assert rest.without_first_match() == (None, rest)


def test_document_limit() -> None:
    """100,000 documents are read, and one more is too many, unless a limit leaves it unread."""
    count = "[{$count:'n'}]"
    assert _run(count, [{}] * 100_000) == [{"n": 100_000}]
    with pytest.raises(LimitExceededError):
        _run(count, [{}] * 100_001)
    assert _run("[{$limit:5},{$count:'n'}]", [{}] * 100_001) == [{"n": 5}]


def test_unwind_limit() -> None:
    """`$unwind` makes 100,000 documents at most."""
    with pytest.raises(LimitExceededError) as caught:
        _run("[{$unwind:'$a'},{$count:'n'}]", [{"a": [1] * 100_001}])
    assert caught.value.operator == "$unwind"


def test_group_limit() -> None:
    """There are 10,000 groups at most."""
    source = "[{$sortByCount:'$a'},{$count:'n'}]"
    assert _run(source, [{"a": i} for i in range(10_000)]) == [{"n": 10_000}]
    with pytest.raises(LimitExceededError):
        _run(source, [{"a": i} for i in range(10_001)])
