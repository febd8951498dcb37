"""Whatever the query language refuses is a 400 over HTTP, with its code and a message that names operator and place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.support.mesh_calls import MeshCalls

pytestmark = pytest.mark.anyio

_REFUSED: Final = "the operator is not supported"
_DEEP: Final = "{a:" * 21 + "1" + "}" * 21
_FILTERS: Final = {
    "{$where: 'x'}": f"at $where: {_REFUSED}.",
    "{$or: [{a: 1}, {$expr: {}}]}": f"at $or[1].$expr: {_REFUSED}.",
    "{$text: {$search: 'x'}}": f"at $text: {_REFUSED}.",
    "{$jsonSchema: {}}": f"at $jsonSchema: {_REFUSED}.",
    "{$foo: 1}": "at $foo: there is no such operator here.",
    "{a: {$foo: 1}}": "at a.$foo: there is no such operator here.",
    **{
        f"{{a: {{{name}: 1}}}}": f"at a.{name}: {_REFUSED}."
        for name in ("$near", "$nearSphere", "$geoWithin", "$geoIntersects", "$bitsAllSet", "$bitsAnyClear")
    },
    **{f"{{{name}: []}}": f"at {name}: it takes an array of at least one" for name in ("$and", "$or", "$nor")},
    "{a: {$gt: 1, x: 1}}": "at a.x: $gt: operators and names cannot stand in one object.",
    "{a: {$in: 1}}": "at a.$in: it takes an array.",
    "{a: {$not: 1}}": "at a.$not: it takes an object of operators",
    "{a: {$regex: '(?=x)'}}": "at a.$regex: the regular expression is not one of RE2",
    "{a: /(a)\\1/}": "at a: the regular expression is not one of RE2",
    "{a: /x/x}": "at a: the options of a regular expression are i, m and s",
    "{a: 1, a: 2}": "at a: the name appears twice.",
    "{a: 1} b": "at its top level: there is text after the end",
    "{a: [1,]}": "at a[1]: a value is expected",
    "{a: 1,}": "at its top level: a name is expected",
    "{a: 1 /* c */}": "at its top level: , or } is expected",
    **{
        f"{{a: {value}}}": f"at a: {value.partition('(')[0].split()[-1]} is not supported."
        for value in ("NaN", "Infinity", "undefined", "MinKey", "new BinData(0, '')", "Timestamp(1, 2)", "function()")
    },
    "{a: {$timestamp: {}}}": "at a.$timestamp: this type is not supported.",
    "{'$\\ud800': 1}": "the text holds U+0000 or a lone surrogate.",
    "[]": "at its top level: it must be an object.",
    _DEEP: "it is nested deeper than 20 levels.",
    json.dumps({f"a{i}": 1 for i in range(1001)}): "it has more than 1000 objects, arrays and members.",
    json.dumps({"a": {"$in": [1] * 1001}}): "at a.$in: it takes at most 1000 values.",
    json.dumps({"a": {"$all": [1] * 1001}}): "at a.$all: it takes at most 1000 values.",
    json.dumps({"$or": [{"a": {"$regex": "x"}}] * 11}): "at $or[10].a.$regex: there are more than 10 regular",
    json.dumps({"a": {"$regex": "x" * 257}}): "at a.$regex: the regular expression has more than 256 characters.",
    "{" + ".".join("a" * 101) + ": 1}": "a path has at most 100 parts.",
    "{a: 9223372036854775808}": "at a: the integer does not fit into 64 bits.",
}
_UPDATES: Final = {
    "{a: 1}": "at a: an update names operators, such as $set, not fields.",
    "{}": "at its top level: it must be an object of operators such as $set.",
    "{$foo: {a: 1}}": "at $foo: there is no such operator here.",
    "{$set: {_id: 1}}": "at $set._id: _id cannot be changed.",
    "{$set: {'a.$': 1}}": "at $set.a.$: the positional operators are not supported",
    "{$inc: {'a.$[].b': 1}}": "at $inc.a.$[].b: the positional operators are not supported",
    "{$set: {'a.$[x]': 1}}": "at $set.a.$[x]: the positional operators are not supported",
    "{$push: {a: {$each: [1], $sort: 1}}}": "at $push.a.$sort: it cannot stand here.",
    "[{$set: {a: 1}}]": "at its top level: pipelines are not supported.",
    "{$set: {a: 1}, $inc: {a: 1}}": "at $inc.a: the path, or a part of it, is changed twice.",
    "{$set: {'a.b': 1}, $unset: {a: 1}}": "at $unset.a: the path, or a part of it, is changed twice.",
    "{$pull: {a: {$where: 'x'}}}": f"at $pull.a.$where: {_REFUSED}.",
    "{$push: {a: {$each: [" + "1," * 1000 + "1]}}}": "at $push.a.$each: it takes at most 1000 values.",
    "{$inc: {n: 'x'}}": "at $inc.n: it takes a number.",
    "{$inc: {text: 1}}": "at $inc.text: the value is not a number.",
    "{$set: {'list.1002': 1}}": "at $set.list.1002: the index is more than 1000 beyond the end of the array.",
    "{$set: {'text.x': 1}}": "at $set.text.x: the path leads through a value",
}
_ORDERS: Final = {
    "{a: 2}": "at a: the direction is 1 or -1.",
    "{a: 1, b: 'asc'}": "at b: the direction is 1 or -1.",
    "{a: {$meta: 'textScore'}}": "at a: the direction is 1 or -1.",
    "{$natural: 1}": "at $natural: a key is a path",
    "[]": "at its top level: it must be an object.",
    "{" + ",".join(f"a{i}: 1" for i in range(9)) + "}": "at its top level: it has more than 8 keys.",
}


async def _refusal(calls: MeshCalls, code: str, *call: Any, **params: Any) -> str:
    response = await calls.call(*call, **params)
    assert (response.status_code, response.json()["code"]) == (400, code), (call, params, response.text)
    return str(response.json()["message"])


def _forms(source: str) -> Iterator[object]:
    """The text, and the object that it holds if it is JSON: SDKs send both."""
    yield source
    try:
        parsed = json.loads(source)
    except ValueError:
        return
    if isinstance(parsed, dict):
        yield parsed


async def test_refused_filters(calls: MeshCalls) -> None:
    """Filters, of searches, deletions and updates."""
    for source, expected in _FILTERS.items():
        messages = [
            await _refusal(calls, "filter_invalid", method, "meshes/task", filter=source)
            for method in ("GET", "DELETE")
        ]
        for sent in _forms(source):
            body = {"filter": sent, "update": "{$set: {a: 1}}"}
            messages.append(await _refusal(calls, "filter_invalid", "PATCH", "meshes/task", body))
        for message in messages:
            assert message.startswith("The filter is invalid at ")
            assert expected in message, message


async def test_refused_updates(calls: MeshCalls) -> None:
    """Updates, also those that do not fit a document; none writes anything."""
    await calls.fill("task", {"_id": "a", "n": 1, "text": "x", "list": [1]})
    before = (await calls.call("GET", "meshes/task/a")).text
    for source, expected in _UPDATES.items():
        for sent in _forms(source):
            message = await _refusal(calls, "update_invalid", "PATCH", "meshes/task", {"filter": {}, "update": sent})
            assert message.startswith("The update is invalid at ")
            assert expected in message, message
    assert (await calls.call("GET", "meshes/task/a")).text == before


async def test_refused_orders(calls: MeshCalls) -> None:
    """Orders of searches."""
    for source, expected in _ORDERS.items():
        message = await _refusal(calls, "order_invalid", "GET", "meshes/task", orderBy=source)
        assert message.startswith("The order is invalid at ")
        assert expected in message, message
