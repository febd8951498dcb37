"""What the official SDKs send about meshes, over real connections to servers on both databases."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any, Final
from urllib.parse import quote

import pytest

from meshydb_server.services.common.dependencies import Dependencies
from tests.support.dependencies import CHEAP_HASHER
from tests.support.http.raw import Connection, Response, assert_documented, assert_empty, compose, exchange
from tests.support.server import DEFAULT_TENANT, OTHER_TENANT
from tests.support.world import World, inhabited_on

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
    """The JS SDK sends mixed case, objects as filters, an id in the body, and `undefined` for nothing."""
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
