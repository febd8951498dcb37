"""What the official SDKs send about meshes and projections, over real connections to servers on both databases."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any, Final
from urllib.parse import quote, quote_plus

import pytest

from meshydb_server.services.common.dependencies import Dependencies
from tests.support.dependencies import CHEAP_HASHER
from tests.support.http.raw import Connection, Response, assert_documented, assert_empty, compose, exchange
from tests.support.server import DEFAULT_TENANT, OTHER_TENANT
from tests.support.world import PROJECTION, World, inhabited_on

_TYPE: Final = "Content-Type: application/json; charset=utf-8"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> Generator[World]:
    """A server on each kind of database, with the default time limit of transactions."""
    settings = {"rate_limit": "off", "storage_timeout": "10"}
    with inhabited_on(request.param, Dependencies(hasher=CHEAP_HASHER), **settings) as world:
        yield world


def _compose(world: World, method: str, target: str, body: bytes | None, *headers: str, token: str = "") -> bytes:
    bearer = f"Authorization: Bearer {token or world.tokens[DEFAULT_TENANT]}"
    declared = None if body is None else _TYPE
    return compose(body or b"", bearer, *headers, method=method, target=f"/acme/meshes/{target}", content_type=declared)


def _send(world: World, method: str, target: str, body: Any = None, *headers: str, token: str = "") -> Response:
    """Call an operation as the administrator, with JSON or bytes if there is a body."""
    encoded = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    return exchange(world.url, _compose(world, method, target, encoded, *headers, token=token))


def _ids(response: Response) -> list[str]:
    assert_documented(response, 200)
    return [each["_id"] for each in response.json["results"]]


def test_csharp(server: World) -> None:
    """The C# SDK sends lower-case names of meshes and parameters, `+` for spaces, and bare names in texts."""
    for number in range(3):
        assert_documented(_send(server, "POST", "csharp", {"Id": None, "Done": number > 0, "Due": number}), 201)
    found = _send(
        server, "GET", "csharp?filter=%7B+%22Done%22+%3A+true+%7D&orderby=%7B+Due%3A-1+%7D&page=1&pageSize=25"
    )
    assert [each["Due"] for each in found.json["results"]] == [2, 1]
    assert list(found.json) == ["results", "page", "pageSize", "totalRecords"]
    deleted = _send(server, "DELETE", "csharp?filter=%7B+%7D")
    assert_documented(deleted, 200)
    assert deleted.json == {"deletedCount": 3, "isAcknowledged": True}


def test_javascript(server: World) -> None:
    """The JS SDK sends mixed case, objects as filters, ids with `createMany`, and `undefined` for nothing."""
    created = _send(server, "POST", "JsTasks", [{"title": "a", "_id": None}, {"title": "b"}])
    assert_documented(created, 201)
    first, second = (each["_id"] for each in created.json["createdData"])
    replaced = _send(server, "PUT", f"JsTasks/{first}/", {"title": "c", "_id": first})
    assert_documented(replaced, 200)
    assert replaced.body == f'{{"_id":"{first}","title":"c"}}'.encode()
    assert _ids(_send(server, "GET", "jsTASKS?filter=undefined&orderBy=undefined&pageNumber=7")) == [first, second]
    changed = _send(server, "PATCH", "JsTasks", {"filter": {"title": "c"}, "update": {"$set": {"done": True}}})
    assert_documented(changed, 200)
    assert (changed.json["matchedCount"], changed.json["upsertedId"]) == (1, None)
    refused = _send(server, "DELETE", "JsTasks?filter=undefined")
    assert_documented(refused, 400)
    assert refused.json["code"] == "filter_required"
    # The SDK's documentation has this header on a request without a body.
    assert_documented(_send(server, "GET", f"JsTasks/{second}", None, "Content-Type: application/json"), 200)
    assert_empty(_send(server, "DELETE", f"JsTasks/{second}"), 204)
    assert_documented(_send(server, "GET", f"JsTasks/{second}"), 404)


_THINGS: Final = b"""[
    {"_id": "a", "Name": "a/b/ c#", "Big": 9007199254740993, "Done": true, "Tags": ["x", "y"], "Price": 1.50,
     "At": "2019-12-09T08:15:30.123-05:00", "Key": "0f8fad5b-d9cb-469f-a165-70867728950e"},
    {"_id": "b", "Name": "Rosa", "Big": 5, "Done": true, "Tags": [], "At": "2019-12-09T13:15:30.123Z", "Key": null},
    {"_id": "c", "Name": "", "Big": 5, "Done": false, "Tags": null, "At": "2020-01-01T00:00:00"}
]"""


def test_forum(server: World) -> None:
    """The C# sample of a forum creates, lists, replaces and deletes posts, whose dates stay the text that it wrote."""
    posts = [
        f'{{"Text":"{text}","CreatedById":null,"DateCreated":"2019-08-01T{time}-05:00"}}'.encode()
        for text, time in (("a", "10:15:30.1234567"), ("b", "10:16:30.5"), ("ü", "10:17:30"))
    ]
    created: list[bytes] = []
    for post in posts:
        with Connection(server.url) as connection:
            # .NET Framework asks before it sends a body.
            asking = _compose(server, "POST", "blogpost", post, "Expect: 100-continue")
            connection.send(asking.removesuffix(post))
            assert connection.read().status == 100
            connection.send(post)
            response = connection.read()
        assert_documented(response, 201)
        assert response.body == b'{"_id":"%s",%s' % (response.json["_id"].encode(), post[1:])
        created.append(response.body)
    newest = "orderby=%7B+DateCreated%3A-1+%7D&page=1&pageSize=10"
    found = _send(server, "GET", f"blogpost?filter=%7B+%7D&{newest}")
    assert found.body.startswith(b'{"results":[%s]' % b",".join(reversed(created)))
    before = quote_plus('{ "DateCreated" : { "$lt" : "2019-08-01T10:16:30.5-05:00" } }')
    assert _send(server, "GET", f"blogpost?filter={before}&{newest}").json["results"] == [json.loads(created[0])]
    ids = [json.loads(each)["_id"] for each in created]
    replaced = _send(server, "PUT", f"blogpost/{ids[0]}", posts[1])
    assert replaced.body == created[1].replace(ids[1].encode(), ids[0].encode())
    changed = _send(server, "PATCH", "blogpost", {"Filter": '{ "Text" : /^b/s }', "Update": "{ $set: { Text: 'c' } }"})
    assert (changed.json["matchedCount"], changed.json["modifiedCount"]) == (2, 2)
    assert_empty(_send(server, "DELETE", f"blogpost/{ids[2]}"), 204)
    assert _ids(_send(server, "GET", "blogpost?filter=&orderby=&page=1&pageSize=25")) == ids[:2]


@pytest.mark.parametrize(
    ("rendered", "found"),
    [
        pytest.param("{ }", "abc", id="all"),
        pytest.param('{ "_id" : { "$type" : -1 } }', "", id="none"),
        pytest.param('{ "Name" : /(?:)/s }', "abc", id="contains-nothing"),
        pytest.param('{ "Name" : /b\\/\\ c\\#/s }', "a", id="contains"),
        pytest.param('{ "Name" : { "$not" : /^rosa$/i } }', "ac", id="to-lower"),
        pytest.param('{ "Tags" : { "$ne" : null, "$not" : { "$size" : 0 } } }', "a", id="any"),
        pytest.param('{ "Tags.1" : { "$exists" : true } }', "a", id="count"),
        pytest.param('{ "$nor" : [{ "Done" : true, "Big" : NumberLong(5) }] }', "ac", id="not-both"),
        pytest.param('{ "Big" : NumberLong("9007199254740993") }', "a", id="long"),
        pytest.param('{ "At" : ISODate("2019-12-09T13:15:30.123Z") }', "ab", id="date-time"),
        pytest.param('{ "At" : { "$gt" : ISODate("0001-01-01T00:00:00Z") } }', "abc", id="least-date-time"),
        pytest.param('{ "Key" : CSUUID("0f8fad5b-d9cb-469f-a165-70867728950e") }', "a", id="guid"),
        pytest.param('{ "Price" : "1.50" }', "", id="decimal"),
    ],
)
def test_expressions(server: World, rendered: str, found: str) -> None:
    """The C# SDK sends expressions as filters, as the MongoDB driver renders them; deleting by one deletes these."""
    _send(server, "DELETE", "expressions?filter=%7B%7D")
    assert_documented(_send(server, "POST", "expressions", _THINGS), 201)
    query = f"filter={quote_plus(rendered)}"
    assert _ids(_send(server, "GET", f"expressions?{query}&orderby=&page=1&pageSize=25")) == list(found)
    assert _send(server, "DELETE", f"expressions?{query}").json["deletedCount"] == len(found)
    assert _ids(_send(server, "GET", "expressions")) == [each for each in "abc" if each not in found]


def test_empty_ids(server: World) -> None:
    """An SDK that is given an empty id sends the path of the mesh; nothing is replaced or deleted."""
    assert_documented(_send(server, "POST", "unnamed", {"_id": "a"}), 201)
    refused = _send(server, "DELETE", "unnamed/")
    assert_documented(refused, 400)
    assert refused.json["code"] == "filter_required"
    assert_documented(_send(server, "PUT", "unnamed/", {"b": 1}), 405)
    assert _send(server, "GET", "unnamed/").json["results"] == [{"_id": "a"}]


def test_patterns_of_javascript(server: World) -> None:
    """A RegExp in a filter of the JS SDK arrives as {}, which equals an empty object only."""
    assert_documented(_send(server, "POST", "patterns", [{"_id": "a", "name": "Bo"}, {"_id": "b", "name": {}}]), 201)
    assert _send(server, "DELETE", "patterns?filter=%7B%22name%22%3A%7B%7D%7D").json["deletedCount"] == 1
    assert _ids(_send(server, "GET", "patterns?filter=null&orderBy=null&page=1&pageSize=25")) == ["a"]


@pytest.mark.parametrize(
    ("query", "owners"),
    [
        pytest.param("filter=&orderby=&page=1&pageSize=25", [0, 1, 2], id="C#"),
        pytest.param("filter=%7B+%7D&orderby=%7B+count%3A1%2C_id%3A-1+%7D&page=1", [2, 1, 0], id="C#-order"),
        pytest.param("filter=%7B+%22Count%22+%3A+2+%7D&orderby=&page=1&pageSize=25", [], id="C#-names-of-members"),
        pytest.param("page=1&pageSize=25", [0, 1, 2], id="JS"),
        pytest.param("filter=undefined&orderBy=undefined&page=1&pageSize=25", [0, 1, 2], id="JS-undefined"),
        pytest.param("filter=%7B%22count%22%3A1%7D&orderBy=null&page=1&pageSize=25", [2], id="JS-filter"),
        pytest.param("orderby=%7B%22_id%22%3A-1%7D&pageNumber=3&pageSize=1&page=1", [2], id="JS-of-the-documentation"),
    ],
)
def test_projections(server: World, query: str, owners: list[int]) -> None:
    """The SDKs read a projection by its name in any case, with the parameters that they send for meshes."""
    bearer = f"Authorization: Bearer {server.tokens[DEFAULT_TENANT]}"
    target = f"/acme/projections/{PROJECTION.upper()}?{query}"
    response = exchange(server.url, compose(b"", bearer, method="GET", target=target, content_type=None))
    assert_documented(response, 200)
    assert list(response.json) == ["results", "page", "pageSize", "totalRecords"]
    assert [each["_id"] for each in response.json["results"]] == [f"owner-{owner}" for owner in owners]


@pytest.mark.parametrize("separator", ["//", "/"])
def test_slashes(server: World, separator: str) -> None:
    """Doubled and trailing slashes are ignored."""
    assert _ids(_send(server, "GET", f"nothing{separator}?filter=%7B%7D")) == []


def test_ids_of_callers(server: World) -> None:
    """Ids may hold any characters but `/` and control characters."""
    for document_id in ("a b", "é😀", "a%b", "a.b", "...", "$x", "x" * 128):
        assert_documented(_send(server, "POST", "ids", {"_id": document_id}), 201)
        target = f"ids/{quote(document_id, safe='')}"
        assert _send(server, "GET", target).json == {"_id": document_id}
        assert_empty(_send(server, "DELETE", target), 204)


def test_key_order(server: World) -> None:
    """The names of a document keep their order on the wire, with `_id` first, in reads and in searches."""
    sent = b'{"z":1,"a":{"y":[{"d":null,"c":"\xc3\xa9"}],"b":1.5},"_id":"k","M":true}'
    stored = b'{"_id":"k","z":1,"a":{"y":[{"d":null,"c":"\xc3\xa9"}],"b":1.5},"M":true}'
    assert _send(server, "POST", "order", sent).body == stored
    assert _send(server, "GET", "order/k").body == stored
    assert stored in _send(server, "GET", "order?filter=%7B%22a.b%22%3A1.5%7D").body


def test_numbers(server: World) -> None:
    """A float without a fraction stays one on the wire, in bodies of documents and of updates."""
    numbers = b'"a":1.0,"b":-0.0,"c":1,"d":[2.0,{"e":9007199254740992.0}]'
    stored = b'{"_id":"n",' + numbers + b"}"
    for answer in (
        _send(server, "POST", "number", stored),
        _send(server, "PUT", "number/n", b"{" + numbers + b"}"),
        _send(server, "GET", "number/n"),
    ):
        assert answer.body == stored
    update = b'{"filter":{"a":{"$not":{"$type":"int"}}},"update":{"$inc":{"c":1.0},"$set":{"a":3.0}}}'
    assert _send(server, "PATCH", "number", update).json["modifiedCount"] == 1
    assert _send(server, "GET", "number/n").body.startswith(b'{"_id":"n","a":3.0,"b":-0.0,"c":2.0,')


def test_large_bodies(server: World) -> None:
    """4 MiB are taken; a byte more gets 413, and a body without a token gets 401, both sent to their ends."""
    frame = len(b'{"_id":"large","a":""}')
    content = b'{"_id":"large","a":"' + b"x" * (4_194_304 - frame) + b'"}'
    created = _send(server, "POST", "large", content)
    assert_documented(created, 201)
    assert created.body == content
    assert len(_send(server, "GET", "large/large").body) == 4_194_304
    assert_documented(_send(server, "PUT", "large/large", content + b" "), 413)
    assert_documented(exchange(server.url, compose(content, target="/acme/meshes/large")), 401)
    assert_documented(_send(server, "PATCH", "large", b" " * 65_537), 413)


def test_many_beside_a_large_one(server: World) -> None:
    """10,000 documents whose ids callers choose are created where a document of 4 MiB is."""
    content = b'{"_id":"large","a":"' + b"x" * 4_194_000 + b'"}'
    assert_documented(_send(server, "POST", "beside", content), 201)
    # Around it, in the order of the keys.
    ids = [f"{letter}{number}" for letter in "kz" for number in range(5000)]
    created = _send(server, "POST", "beside", [{"_id": document_id} for document_id in ids])
    assert_documented(created, 201)
    assert [each["_id"] for each in created.json["createdData"]] == ids
    assert _send(server, "DELETE", "beside?filter=%7B%7D").json["deletedCount"] == 10_001


def test_connection_stays_open(server: World) -> None:
    """Several operations are served on one connection, a refused one among them."""
    with Connection(server.url) as connection:
        for method, target, body, status in (
            ("POST", "kept", b'{"_id":"a"}', 201),
            ("POST", "kept", b'{"_id":"a"}', 400),
            ("GET", "kept/a", None, 200),
            ("GET", "kept?filter=%7B", None, 400),
            ("GET", "kept/b", None, 404),
        ):
            connection.send(_compose(server, method, target, body))
            assert_documented(connection.read(), status)


def test_tenants(server: World) -> None:
    """A token opens the meshes of its own tenant only."""
    assert_documented(_send(server, "POST", "apart", {"_id": "a"}), 201)
    other = server.tokens[OTHER_TENANT]
    assert_documented(_send(server, "GET", "apart/a", None, f"tenant: {OTHER_TENANT}", token=other), 404)
    assert_documented(_send(server, "GET", "apart/a", None, f"tenant: {DEFAULT_TENANT}", token=other), 401)
    assert _ids(_send(server, "GET", "apart", None, token=other)) == []


def test_errors(server: World) -> None:
    """Errors of each kind are documented ones."""
    for method, target, body, status in (
        ("POST", "e", b"{", 400),
        ("POST", "e", b'{"$a":1}', 400),
        ("POST", "e", b"[]", 400),
        ("POST", "e1", b"{}", 400),
        ("GET", "e?orderBy=%7Ba%3A2%7D", None, 400),
        ("PATCH", "e", b"{}", 400),
        ("DELETE", "e", None, 400),
        ("PUT", "e/x", b"{}", 404),
        ("POST", "e/x", b"{}", 405),
    ):
        assert_documented(_send(server, method, target, body), status)
    assert_documented(exchange(server.url, compose(b"{}", target="/acme/meshes/e")), 401)
