"""Updates: rules that the cases leave open, errors when they are applied, and laws."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import pytest
from hypothesis import given

from meshydb_server.query import Kind, QueryError, UpdateNotApplicableError, apply_update, checked, parse_update
from tests.query.values import DOCUMENTS, UPDATES

_NOW: Final = datetime(2030, 1, 1, 2, 0, 0, 5999, tzinfo=timezone(timedelta(hours=2)))


def _applied(source: object, document: dict[str, Any]) -> Any:
    return apply_update(parse_update(source), document, _NOW)


@pytest.mark.parametrize(
    ("source", "before", "after"),
    [
        ("{$set:{d:ISODate('2020-01-01')}}", {}, {"d": "2020-01-01T00:00:00.000Z"}),
        ("{$set:{d:[{e:ISODate('2020-01-01T00:00:00.1239Z')}]}}", {}, {"d": [{"e": "2020-01-01T00:00:00.123Z"}]}),
        ("{$set:{o:ObjectId('5C78CC81DD870827A8E7B6C4')}}", {}, {"o": "5c78cc81dd870827a8e7b6c4"}),
        ("{$set:{a:1.0}}", {"a": 1}, {"a": 1.0}),
        ("{$set:{'a.0':1}}", {}, {"a": {"0": 1}}),
        ("{$set:{'a.0.b':1}}", {"a": [{"c": 2}]}, {"a": [{"c": 2, "b": 1}]}),
        ("{$set:{'a.2.b':1}}", {"a": [0]}, {"a": [0, None, {"b": 1}]}),
        ("{$set:{z:1,b:2,'c.10':3,'c.9':4}}", {"y": 0}, {"y": 0, "b": 2, "c": {"9": 4, "10": 3}, "z": 1}),
        (
            "{$currentDate:{d:true,e:{$type:'date'}}}",
            {},
            {"d": "2030-01-01T00:00:00.005Z", "e": "2030-01-01T00:00:00.005Z"},
        ),
        ("{$inc:{a:1}}", {"a": 2**63 - 2}, {"a": 2**63 - 1}),
        ("{$inc:{a:1.0}}", {"a": 1}, {"a": 2.0}),
        ("{$mul:{a:2.5}}", {}, {"a": 0.0}),
        ("{$min:{a:null}}", {"a": False}, {"a": None}),
        ("{$max:{a:[1]}}", {"a": {"x": 1}}, {"a": [1]}),
        ("{$max:{a:ISODate('2021-01-01')}}", {"a": "2020-01-01T00:00:00Z"}, {"a": "2021-01-01T00:00:00.000Z"}),
        ("{$push:{a:{$each:[8,9],$position:1}}}", {"a": [1, 2]}, {"a": [1, 8, 9, 2]}),
        ("{$push:{a:{$each:[9],$position:-1}}}", {"a": [1, 2]}, {"a": [1, 9, 2]}),
        ("{$push:{a:{$each:[9],$position:99}}}", {"a": [1]}, {"a": [1, 9]}),
        ("{$push:{a:{$each:[9],$slice:1}}}", {"a": [1, 2]}, {"a": [1]}),
        ("{$push:{a:{$each:[9],$slice:0}}}", {"a": [1, 2]}, {"a": []}),
        ("{$push:{'a.b':{x:1}}}", {}, {"a": {"b": [{"x": 1}]}}),
        ("{$addToSet:{a:{y:1,x:1}}}", {"a": [{"x": 1, "y": 1}]}, {"a": [{"x": 1, "y": 1}, {"y": 1, "x": 1}]}),
        (
            "{$addToSet:{a:{$each:[ISODate('2020-01-02'),ISODate('2020-01-01')]}}}",
            {"a": ["2020-01-01T01:00:00+01:00"]},
            {"a": ["2020-01-01T01:00:00+01:00", "2020-01-02T00:00:00.000Z"]},
        ),
        ("{$push:{a:{$each:[ISODate('2020-01-02')]}}}", {}, {"a": ["2020-01-02T00:00:00.000Z"]}),
        ("{$addToSet:{a:[1]}}", {"a": [1]}, {"a": [1, [1]]}),
        ("{$pull:{a:/^x/}}", {"a": ["xa", "b", 1]}, {"a": ["b", 1]}),
        ("{$pull:{a:[1]}}", {"a": [[1], 1, [1, 2]]}, {"a": [1, [1, 2]]}),
        ("{$pull:{a:1}}", {"a": [[1], 1, 1.0]}, {"a": [[1]]}),
        ("{$pull:{a:{$gt:4}}}", {"a": [[5], [1], 9, "x"]}, {"a": [[1], "x"]}),
        ("{$pull:{a:{$or:[{b:1},{c:2}]}}}", {"a": [{"b": 1}, {"c": 2}, {"b": 2}, 5]}, {"a": [{"b": 2}, 5]}),
        ("{$pull:{a:{b:{$gt:1}}}}", {"a": [{"b": 2}, {"b": 1}, 5]}, {"a": [{"b": 1}, 5]}),
        ("{$pull:{a:{$elemMatch:{b:1}}}}", {"a": [[{"b": 1}], {"b": 1}]}, {"a": [{"b": 1}]}),
        ("{$rename:{'a.b':'c.d'}}", {"a": {"b": 1}}, {"a": {}, "c": {"d": 1}}),
        ("{$rename:{a:'b'}}", {"a": 1, "b": 2}, {"b": 1}),
        ("{$unset:{a:1,b:1}}", {"a": 1, "b": 2, "c": 3}, {"c": 3}),
    ],
)
def test_rules(source: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """An update makes the document that it should, with its members in this order and its numbers of these types."""
    assert repr(_applied(source, before)) == repr(after)


@pytest.mark.parametrize(
    ("source", "document"),
    [
        ("{$unset:{b:1,'a.5':1,'a.x':1,'c.d':1}}", {"a": [1], "c": 1}),
        ("{$pull:{b:1,'c.d':1,'a.5.b':1}}", {"a": [1], "c": {}}),
        ("{$pull:{a:9}}", {"a": [1]}),
        ("{$pop:{b:1,a:1}}", {"a": []}),
        ("{$rename:{b:'d','c.x':'e','a.1':'f','a.0.x':'g'}}", {"a": [{}], "c": {}}),
        ("{$inc:{a:0},$mul:{b:1}}", {"a": 1, "b": 1.5}),
        ("{$min:{a:5},$max:{b:1}}", {"a": 5, "b": 1.0}),
        ("{$push:{a:{$each:[]}}}", {"a": [1]}),
        ("{$addToSet:{a:ISODate('2020-01-01')}}", {"a": ["2020-01-01T00:00:00Z"]}),
        ("{$addToSet:{a:'2020-01-01T00:00:00Z'}}", {"a": ["2020-01-01T00:00:00Z"]}),
        ("{$max:{a:ISODate('2020-01-01')}}", {"a": "2020-01-01T00:00:00+00:00"}),
        ("{$set:{}}", {}),
    ],
)
def test_unchanged(source: str, document: dict[str, Any]) -> None:
    """Where nothing changes, the result is the very document that was given."""
    assert _applied(source, document) is document


@pytest.mark.parametrize(
    ("source", "document", "operator", "place"),
    [
        ("{$set:{'a.b':1}}", {"a": None}, "$set", "$set.a.b"),
        ("{$set:{'a.1002':1}}", {"a": [1]}, "$set", "$set.a.1002"),
        ("{$inc:{a:1}}", {"a": True}, "$inc", "$inc.a"),
        ("{$inc:{a:1}}", {"a": 2**63 - 1}, "$inc", "$inc.a"),
        ("{$mul:{a:1e308}}", {"a": 1e308}, "$mul", "$mul.a"),
        ("{$push:{a:1}}", {"a": None}, "$push", "$push.a"),
        ("{$addToSet:{a:1}}", {"a": {}}, "$addToSet", "$addToSet.a"),
        ("{$pull:{a:1}}", {"a": 1}, "$pull", "$pull.a"),
        ("{$pop:{a:1}}", {"a": "x"}, "$pop", "$pop.a"),
        ("{$rename:{'a.0':'b'}}", {"a": [1]}, "$rename", "$rename.a.0"),
        ("{$rename:{'a.x':'b'}}", {"a": [{"x": 1}]}, "$rename", "$rename.a.x"),
        ("{$rename:{'a.x':'b'}}", {"a": None}, "$rename", "$rename.a.x"),
        ("{$pull:{'a.b':1}}", {"a": 1}, "$pull", "$pull.a.b"),
        ("{$pull:{'a.b':1}}", {"a": [{"b": [1]}]}, "$pull", "$pull.a.b"),
        ("{$pop:{'a.b':1}}", {"a": "x"}, "$pop", "$pop.a.b"),
        ("{$rename:{a:'b.0'}}", {"a": 1, "b": [1]}, "$rename", "$rename.a"),
        ("{$rename:{a:'b.c'}}", {"a": 1, "b": 1}, "$rename", "$rename.a"),
        ("{$set:{ok:1,'x.y':1}}", {"x": 1}, "$set", "$set.x.y"),
    ],
)
def test_not_applicable(source: str, document: dict[str, Any], operator: str, place: str) -> None:
    """An update that does not fit a document is refused with the operator and the path to it, and changes nothing."""
    before = copy.deepcopy(document)
    with pytest.raises(UpdateNotApplicableError) as caught:
        _applied(source, document)
    assert (caught.value.kind, caught.value.operator, caught.value.place) == (Kind.UPDATE_INVALID, operator, place)
    assert document == before


def test_index_gap() -> None:
    """An index may be 1,000 beyond the end of an array."""
    assert _applied("{$set:{'a.1001':1}}", {"a": [1]}) == {"a": [1, *[None] * 1000, 1]}


def test_levels() -> None:
    """An update makes no document of more than 100 levels."""
    allowed = _applied({"$set": {".".join("a" * 99): {"b": 1}}}, {})
    checked(allowed)
    for source in ({"$set": {".".join("a" * 100): {"b": 1}}}, {"$rename": {"a": "b.c"}}):
        with pytest.raises(UpdateNotApplicableError):
            _applied(source, allowed)


def test_values_are_not_shared() -> None:
    """Documents to which one update was applied do not share its values."""
    update = parse_update("{$set:{a:[1]},$push:{b:[2]}}")
    one, other = apply_update(update, {}, _NOW), apply_update(update, {}, _NOW)
    assert one == other
    assert one["a"] is not other["a"]
    assert repr(one) == "{'a': [1], 'b': [[2]]}"


@given(UPDATES, DOCUMENTS)
def test_laws(source: dict[str, Any], document: dict[str, Any]) -> None:
    """The given document is never changed; the result is a document; the same object means that nothing changed."""
    before = copy.deepcopy(document)
    try:
        update = parse_update(source)
        result = apply_update(update, document, datetime(2030, 1, 1, tzinfo=UTC))
    except QueryError:
        assert document == before
        return
    assert repr(document) == repr(before)
    assert (result is document) == (repr(result) == repr(before))
    assert checked(result) is result


@given(UPDATES, DOCUMENTS)
def test_settled(source: dict[str, Any], document: dict[str, Any]) -> None:
    """What sets, removes or collects does nothing the second time."""
    if not {"$set", "$unset", "$min", "$max", "$addToSet", "$pull", "$currentDate"} & set(source):
        return
    try:
        once = _applied(source, document)
    except QueryError:
        return
    assert _applied(source, once) is once
