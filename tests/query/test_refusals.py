"""Refusals name the operator and the place, and bounds hold at their edges."""

from __future__ import annotations

from typing import Any

import pytest

from meshydb_server.query import Kind, QueryError, parse_filter, parse_order, parse_pipeline, parse_update

_PARSERS: dict[Kind, Any] = {
    Kind.FILTER_INVALID: parse_filter,
    Kind.UPDATE_INVALID: parse_update,
    Kind.ORDER_INVALID: parse_order,
    Kind.PROJECTION_INVALID: parse_pipeline,
}


def _refusal(kind: Kind, source: object) -> QueryError:
    with pytest.raises(QueryError) as caught:
        _PARSERS[kind](source)
    assert caught.value.kind is kind
    return caught.value


@pytest.mark.parametrize(
    ("source", "operator", "place"),
    [
        ('{"$or":[{"a":1},{"b":{"$in":5}}]}', "$in", "$or[1].b.$in"),
        ("{$where:'x'}", "$where", "$where"),
        ("{$expr:{$eq:[1,1]}}", "$expr", "$expr"),
        ("{$text:{$search:'x'}}", "$text", "$text"),
        ("{$jsonSchema:{}}", "$jsonSchema", "$jsonSchema"),
        ("{a:{$near:[1,2]}}", "$near", "a.$near"),
        ("{a:{$bitsAllSet:1}}", "$bitsAllSet", "a.$bitsAllSet"),
        ("{a:{$gt:1,x:1}}", "$gt", "a.x"),
        ("{a:{x:1,$gt:1}}", "$gt", "a.x"),
        ("{a:{$not:1}}", "$not", "a.$not"),
        ("{a:{$not:{}}}", "$not", "a.$not"),
        ("{a:{$not:{x:1}}}", "$not", "a.$not.x"),
        ("{$and:[]}", "$and", "$and"),
        ("{$nor:{a:1}}", "$nor", "$nor"),
        ("{$and:[{a:1},2]}", "$and", "$and[1]"),
        ("{a:{$size:-1}}", "$size", "a.$size"),
        ("{a:{$size:1.5}}", "$size", "a.$size"),
        ("{a:{$mod:[0,1]}}", "$mod", "a.$mod"),
        ("{a:{$mod:[1]}}", "$mod", "a.$mod"),
        ("{a:{$mod:[1,2,'x']}}", "$mod", "a.$mod"),
        ("{a:{$type:'text'}}", "$type", "a.$type"),
        ("{a:{$type:[]}}", "$type", "a.$type"),
        ("{a:{$gt:/x/}}", "$gt", "a.$gt"),
        ("{a:{$ne:[/x/]}}", "$ne", "a.$ne[0]"),
        ("{a:{$in:[{$gt:1}]}}", "$gt", "a.$in[0].$gt"),
        ("{a:{$all:[{$elemMatch:{b:1}},2]}}", "$all", "a.$all"),
        ("{a:{$elemMatch:1}}", "$elemMatch", "a.$elemMatch"),
        ("{a:{$elemMatch:{b:{$foo:1}}}}", "$foo", "a.$elemMatch.b.$foo"),
        ("{a:{$regex:5}}", "$regex", "a.$regex"),
        ("{a:{$regex:'('}}", "$regex", "a.$regex"),
        ("{a:{$regex:'a',$options:'x'}}", "$regex", "a.$regex"),
        ("{a:{$regex:/a/i,$options:'m'}}", "$options", "a.$regex"),
        ("{a:{$options:'i'}}", "$options", "a.$options"),
        ("{a:{$gt:{$date:'soon'}}}", "$date", "a.$gt.$date"),
        ("{a:{$binary:{}}}", "$binary", "a.$binary"),
        ("{a:{b:NaN}}", None, "a.b"),
        ("{a:1,a:2}", None, "a"),
        ("{'a.$b':1}", None, "a.$b"),
        ("{a:[1,2,}", None, "a[2]"),
        ("[]", None, ""),
    ],
)
def test_filter_is_refused(source: str, operator: str | None, place: str) -> None:
    """A filter that is wrong is refused with the operator and the path to it."""
    error = _refusal(Kind.FILTER_INVALID, source)
    assert (error.operator, error.place) == (operator, place)
    assert (operator or "") in str(error)
    assert place in str(error)


@pytest.mark.parametrize(
    ("source", "operator", "place"),
    [
        ("{a:1}", None, "a"),
        ("[{$set:{a:1}}]", None, ""),
        ("{$foo:{a:1}}", "$foo", "$foo"),
        ("{$setOnInsert:{a:1}}", "$setOnInsert", "$setOnInsert"),
        ("{$set:1}", "$set", "$set"),
        ("{$set:{_id:1}}", "$set", "$set._id"),
        ("{$unset:{'_id.x':1}}", "$unset", "$unset._id.x"),
        ("{$rename:{a:'_id'}}", "$rename", "$rename.a"),
        ("{$rename:{a:'a.b'}}", "$rename", "$rename.a"),
        ("{$rename:{a:1}}", "$rename", "$rename.a"),
        ("{$set:{'a.$':1}}", "$set", "$set.a.$"),
        ("{$set:{'a.$[].b':1}}", "$set", "$set.a.$[].b"),
        ("{$set:{'a..b':1}}", "$set", "$set.a..b"),
        ("{$set:{a:1,'a.b':1}}", "$set", "$set.a.b"),
        ("{$set:{'a.b':1},$inc:{a:1}}", "$inc", "$inc.a"),
        ("{$set:{a:{$x:1}}}", "$x", "$set.a.$x"),
        ("{$set:{a:{'b.c':1}}}", "$set", "$set.a.b.c"),
        ("{$set:{a:/x/}}", "$set", "$set.a"),
        ("{$inc:{a:'1'}}", "$inc", "$inc.a"),
        ("{$mul:{a:true}}", "$mul", "$mul.a"),
        ("{$pop:{a:0}}", "$pop", "$pop.a"),
        ("{$push:{a:{$each:1}}}", "$each", "$push.a.$each"),
        ("{$push:{a:{$each:[1],$sort:1}}}", "$sort", "$push.a.$sort"),
        ("{$push:{a:{$each:[1],$slice:'x'}}}", "$slice", "$push.a.$slice"),
        ("{$push:{a:{$slice:1}}}", "$each", "$push.a.$each"),
        ("{$addToSet:{a:{$each:[1],$position:1}}}", "$position", "$addToSet.a.$position"),
        ("{$pull:{a:{$foo:1}}}", "$foo", "$pull.a.$foo"),
        ("{$currentDate:{a:{$type:'timestamp'}}}", "$currentDate", "$currentDate.a"),
    ],
)
def test_update_is_refused(source: str, operator: str | None, place: str) -> None:
    """An update that is wrong is refused with the operator and the path to it."""
    error = _refusal(Kind.UPDATE_INVALID, source)
    assert (error.operator, error.place) == (operator, place)


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("{a:2}", "a"),
        ("{a:true}", "a"),
        ("{b:1,a:'asc'}", "a"),
        ("{$a:1}", "$a"),
        ("{'':1}", ""),
        ("[]", ""),
        ("{a:1", ""),
    ],
)
def test_order_is_refused(source: str, place: str) -> None:
    """An order that is wrong is refused with the path of the key."""
    assert _refusal(Kind.ORDER_INVALID, source).place == place


@pytest.mark.parametrize(
    ("source", "operator", "place"),
    [
        ("{}", None, ""),
        ("[{}]", None, "[0]"),
        ("[{$match:{a:{$foo:1}}}]", "$foo", "[0].$match.a.$foo"),
        ("[{$lookup:{}}]", "$lookup", "[0].$lookup"),
        ("[{$out:'x'}]", "$out", "[0].$out"),
        ("[{$project:{a:1,b:0}}]", "$project", "[0].$project"),
        ("[{$project:{}}]", "$project", "[0].$project"),
        ("[{$project:{a:{$add:[1,2]}}}]", "$project", "[0].$project.a"),
        ("[{$project:{a:1,'a.b':1}}]", "$project", "[0].$project.a.b"),
        ("[{$project:{a:'text'}}]", "$project", "[0].$project.a"),
        ("[{$unwind:'a'}]", "$unwind", "[0].$unwind"),
        ("[{$unwind:{path:'$a',x:1}}]", "$unwind", "[0].$unwind.x"),
        ("[{$group:{n:{$sum:1}}}]", "$group", "[0].$group"),
        ("[{$group:{_id:null,n:{$push:'$a'}}}]", "$push", "[0].$group.n.$push"),
        ("[{$group:{_id:'$$ROOT'}}]", "$group", "[0].$group._id"),
        ("[{$group:{_id:null,'a.b':{$sum:1}}}]", "$group", "[0].$group.a.b"),
        ("[{$count:'a.b'}]", "$count", "[0].$count"),
        ("[{$sort:{}}]", "$sort", "[0].$sort"),
        ("[{$sort:{a:2}}]", "$sort", "[0].$sort.a"),
        ("[{$skip:-1}]", "$skip", "[0].$skip"),
        ("[{$limit:0}]", "$limit", "[0].$limit"),
        ("[{$sortByCount:1}]", "$sortByCount", "[0].$sortByCount"),
    ],
)
def test_pipeline_is_refused(source: str, operator: str | None, place: str) -> None:
    """A pipeline that is wrong is refused with the operator and the path to it."""
    error = _refusal(Kind.PROJECTION_INVALID, source)
    assert (error.operator, error.place) == (operator, place)


def _nested(levels: int) -> dict[str, Any]:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return dict(value)


_REGEXES = [{f"a{i}": {"$regularExpression": {"pattern": "x", "options": ""}}} for i in range(11)]


@pytest.mark.parametrize(
    ("kind", "allowed", "refused"),
    [
        (Kind.FILTER_INVALID, "{a:'" + "x" * 16377 + "'}", "{a:'" + "x" * 16380 + "'}"),
        (Kind.FILTER_INVALID, {"a": "x" * 16380}, {"a": "x" * 16384}),
        (Kind.FILTER_INVALID, "{a:'" + "😀" * 16378 + "'}", "{a:'" + "😀" * 16379 + "'}"),
        (Kind.FILTER_INVALID, {"a": "😀" * 16380}, {"a": "😀" * 16384}),
        (Kind.FILTER_INVALID, _nested(20), _nested(21)),
        (Kind.FILTER_INVALID, "{a:" * 20 + "1" + "}" * 20, "{a:" * 21 + "1" + "}" * 21),
        (Kind.FILTER_INVALID, {f"a{i}": 1 for i in range(999)}, {f"a{i}": 1 for i in range(1000)}),
        (Kind.FILTER_INVALID, {"a": {"$in": [1] * 1000}}, {"a": {"$in": [1] * 1001}}),
        (Kind.FILTER_INVALID, {"a": {"$nin": [1] * 1000}}, {"a": {"$nin": [1] * 1001}}),
        (Kind.FILTER_INVALID, {"a": {"$all": [1] * 1000}}, {"a": {"$all": [1] * 1001}}),
        (Kind.FILTER_INVALID, {"$or": _REGEXES[:10]}, {"$or": _REGEXES}),
        (Kind.FILTER_INVALID, {"a": {"$regex": "x" * 256}}, {"a": {"$regex": "x" * 257}}),
        (Kind.FILTER_INVALID, {"a": {"$regex": "x{1000}"}}, {"a": {"$regex": "x{1001}"}}),
        (Kind.FILTER_INVALID, {"a": {"$regex": r"\pL{1,5}"}}, {"a": {"$regex": r"\pL{1,200}"}}),
        (Kind.FILTER_INVALID, {"a": 2**63 - 1}, {"a": 2**63}),
        (Kind.FILTER_INVALID, "{a:-9223372036854775808}", "{a:-9223372036854775809}"),
        (Kind.FILTER_INVALID, "{a:1e308}", "{a:1e309}"),
        (Kind.FILTER_INVALID, {"a": 1.5}, {"a": float("inf")}),
        (Kind.FILTER_INVALID, "{a:'\\u0001'}", "{a:'\\u0000'}"),
        (Kind.FILTER_INVALID, "{a:'\\ud83d\\ude00'}", "{a:'\\ud83d'}"),
        (Kind.FILTER_INVALID, "{" + ".".join("a" * 100) + ":1}", "{" + ".".join("a" * 101) + ":1}"),
        (Kind.UPDATE_INVALID, {"$push": {"a": {"$each": [1] * 1000}}}, {"$push": {"a": {"$each": [1] * 1001}}}),
        (Kind.ORDER_INVALID, {f"a{i}": 1 for i in range(8)}, {f"a{i}": 1 for i in range(9)}),
        (Kind.PROJECTION_INVALID, [{"$limit": 1}] * 20, [{"$limit": 1}] * 21),
        (Kind.PROJECTION_INVALID, [{"$limit": 2**63 - 1}], [{"$limit": 2.0**63}]),
        (Kind.PROJECTION_INVALID, [{"$skip": 2**63 - 1}], [{"$skip": 1e300}]),
    ],
)
def test_bounds(kind: Kind, allowed: object, refused: object) -> None:
    """What is at a bound is taken, and what is beyond it is refused."""
    _PARSERS[kind](allowed)
    _refusal(kind, refused)


@pytest.mark.parametrize(
    "source",
    [
        {"x" * 10_000 + "\n": {"$in": 1}},
        {"$" + "x" * 10_000 + "\n": 1},
        {"x" * 300: {"$\n": 1}},
        "{'$\\ud800': 1}",
        "{'$\\u0000': 1}",
        "{$or: [{'$\\ud800' 1}]}",
        {"a": {"$regex": "(\n" + "x" * 200}},
    ],
)
def test_messages_are_short_and_printable(source: object) -> None:
    """A message does not repeat long or unprintable text of the caller."""
    message = str(_refusal(Kind.FILTER_INVALID, source))
    assert len(message) < 600
    assert message.isprintable()
