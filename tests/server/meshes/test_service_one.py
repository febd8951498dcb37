"""Creating documents, and reading, replacing and deleting single ones, over HTTP on both databases."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.mesh_calls import MeshCalls

pytestmark = pytest.mark.anyio

TAKEN = "64d1c0ffee00112233445566"


async def test_create_and_read(calls: MeshCalls) -> None:
    """A document gets an id in front, keeps the order of its names, and is read as it was created."""
    sent = {"title": "Buy glue", "a": [1, {"z": None, "y": 1.5}], "A": "é😀"}
    created = await calls.call("POST", "meshes/task", sent)
    assert created.status_code == 201
    assert list(created.json()) == ["_id", "title", "a", "A"]
    assert list(created.json()["a"][1]) == ["z", "y"]
    read = await calls.call("GET", f"meshes/task/{created.json()['_id']}")
    assert (read.status_code, read.text) == (200, created.text)


async def test_ids(calls: MeshCalls) -> None:
    """The server makes ids in the order of creation, takes those of callers, and writes ObjectIds in lower case."""
    made = [(await calls.call("POST", "meshes/task", {"_id": None})).json()["_id"] for _ in range(3)]
    assert made == sorted(made)
    assert all(len(each) == 24 for each in made)
    chosen = await calls.call("POST", "meshes/task", {"n": 1, "_id": TAKEN.upper()})
    assert chosen.json() == {"_id": TAKEN, "n": 1}
    assert (await calls.call("GET", f"meshes/TASK/{TAKEN.upper()}")).json() == chosen.json()
    assert (await calls.call("POST", "meshes/task", {"_id": "Owner-1"})).json() == {"_id": "Owner-1"}
    assert await calls.refused("GET", "meshes/task/owner-1") == (404, "unknown_document")


async def test_meshes_are_apart(calls: MeshCalls) -> None:
    """The same id may stand in two meshes, and names of meshes are not case-sensitive."""
    for mesh in ("task", "note"):
        assert (await calls.call("POST", f"meshes/{mesh}", {"_id": "a", "in": mesh})).status_code == 201
    assert await calls.refused("POST", "meshes/Task", {"_id": "a"}) == (400, "document_exists")
    assert (await calls.call("GET", "meshes/NOTE/a")).json() == {"_id": "a", "in": "note"}
    assert (await calls.call("DELETE", "meshes/note/a")).status_code == 204
    assert (await calls.call("GET", "meshes/task/a")).status_code == 200


async def test_replace(calls: MeshCalls) -> None:
    """PUT replaces the whole document, whether its body has the id, a null or none, and creates nothing."""
    await calls.call("POST", "meshes/task", {"_id": TAKEN, "a": 1, "b": 2})
    for body in ({"c": 3}, {"c": 3, "_id": None}, {"c": 3, "_id": TAKEN.upper()}):
        replaced = await calls.call("PUT", f"meshes/task/{TAKEN.upper()}", body)
        assert (replaced.status_code, replaced.json()) == (200, {"_id": TAKEN, "c": 3})
        assert next(iter(replaced.json())) == "_id"
    assert await calls.refused("PUT", f"meshes/task/{TAKEN}", {"_id": "x"}) == (400, "document_id_changed")
    assert await calls.refused("PUT", "meshes/task/x", {"c": 3}) == (404, "unknown_document")
    assert await calls.refused("PUT", "meshes/task/x", {"$c": 3}) == (400, "property_invalid")
    assert (await calls.call("GET", f"meshes/task/{TAKEN}")).json() == {"_id": TAKEN, "c": 3}


async def test_delete(calls: MeshCalls) -> None:
    """A deleted document is gone, and its id may be used again; an ObjectId may be in upper case."""
    for document_id, in_path in (("a", "a"), ("a", "a"), (TAKEN, TAKEN.upper())):
        path = f"meshes/task/{in_path}"
        assert (await calls.call("POST", "meshes/task", {"_id": document_id})).status_code == 201
        assert (await calls.call("DELETE", path)).status_code == 204
        assert await calls.refused("DELETE", path) == (404, "unknown_document")
        assert await calls.refused("GET", path) == (404, "unknown_document")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"$set": {"a": 1}}, "property_invalid"),
        ({"a": [{"b.c": 1}]}, "property_invalid"),
        ({"_id": 5}, "value_invalid"),
        ({"_id": ""}, "value_invalid"),
        ({"_id": "a/b"}, "value_invalid"),
        ({"_id": "."}, "value_invalid"),
        ({"_id": "x" * 129}, "value_invalid"),
        ({"a": 2**63}, "json_invalid"),
        ({"a": "\0"}, "json_invalid"),
        ({"a": "\ud800"}, "json_invalid"),
        ({"a\0": 1}, "json_invalid"),
        ("text", "value_invalid"),
        (5, "value_invalid"),
        (None, "value_invalid"),
        ([], "no_data"),
        ([5], "bulk_invalid"),
        ([{"_id": 5}], "bulk_invalid"),
        ([5] * 10_001, "value_invalid"),
        ([{}] * 10_001, "value_invalid"),
    ],
)
async def test_refused_documents(calls: MeshCalls, body: Any, code: str) -> None:
    """What cannot be stored is refused with its code, and nothing is stored."""
    assert await calls.refused("POST", "meshes/task", content=json.dumps(body).encode()) == (400, code)
    assert await calls.ids("task") == []


async def test_message_names_the_place(calls: MeshCalls) -> None:
    """The message of a refused document names the place in it."""
    response = await calls.call("POST", "meshes/task", {"a": [{"$b": 1}]})
    assert "a[0].$b" in response.json()["message"]


@pytest.mark.parametrize("content", [b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":1e400}', b"[" * 101 + b"]" * 101])
async def test_refused_json(calls: MeshCalls, content: bytes) -> None:
    """JSON that others read differently is refused."""
    assert await calls.refused("POST", "meshes/task", content=content) == (400, "json_invalid")


async def test_depth(calls: MeshCalls) -> None:
    """A document of 100 levels is stored, and one of 101 is not."""
    assert (await calls.call("POST", "meshes/task", content=b'{"a":' * 100 + b"1" + b"}" * 100)).status_code == 201
    deeper = b'{"a":' * 101 + b"1" + b"}" * 101
    assert await calls.refused("POST", "meshes/task", content=deeper) == (400, "json_invalid")


async def test_size(calls: MeshCalls) -> None:
    """A body of 4 MiB is stored and replaced, and one byte more is refused; other operations take 64 KiB."""
    frame = len(b'{"_id":"a","a":""}')
    content = b'{"_id":"a","a":"' + b"x" * (4_194_304 - frame) + b'"}'
    for method, path, status in (("POST", "meshes/task", 201), ("PUT", "meshes/task/a", 200)):
        response = await calls.call(method, path, content=content)
        assert (response.status_code, len(response.content)) == (status, 4_194_304)
        assert await calls.refused(method, path, content=content + b" ") == (413, "content_too_large")
    assert await calls.refused("PATCH", "meshes/task", content=b" " * 65_537) == (413, "content_too_large")
    assert await calls.refused("POST", "roles", content=b" " * 65_537) == (413, "content_too_large")


@pytest.mark.parametrize("mesh", ["ta-sk", "t1", "é", "x" * 65, "a.b"])
async def test_mesh_names(calls: MeshCalls, mesh: str) -> None:
    """The name of a mesh is letters, up to 64."""
    for method, path, body in (("GET", "", None), ("POST", "", {}), ("GET", "/x", None), ("PUT", "/x", {})):
        assert await calls.refused(method, f"meshes/{mesh}{path}", body) == (400, "value_invalid")
    assert (await calls.call("GET", f"meshes/{'x' * 64}")).status_code == 200


async def test_numbers(calls: MeshCalls) -> None:
    """Integers of 64 bits and doubles come back as they were."""
    numbers = [2**63 - 1, -(2**63), 0.1, 1e300, -0.5, 2**53 + 1]
    created = await calls.call("POST", "meshes/task", {"n": numbers})
    assert created.json()["n"] == numbers


async def test_create_many(calls: MeshCalls) -> None:
    """An array creates all of its documents, in order."""
    created = await calls.call("POST", "meshes/task", [{"n": 1}, {"_id": "b", "n": 2}, {"n": 3, "_id": None}])
    assert created.status_code == 201
    body = created.json()
    assert (body["createdCount"], [each["n"] for each in body["createdData"]]) == (3, [1, 2, 3])
    assert body["createdData"][1]["_id"] == "b"
    assert sorted(await calls.ids("task")) == sorted(each["_id"] for each in body["createdData"])


async def test_create_many_all_or_nothing(calls: MeshCalls) -> None:
    """If a document of an array is rejected, none is created, and each rejected one is listed with its reason."""
    await calls.call("POST", "meshes/task", {"_id": "taken"})
    body = [{"_id": "a"}, {"$x": 1}, {"_id": "taken"}, {"n": 1}, {"_id": "a"}]
    response = await calls.call("POST", "meshes/task", body)
    assert (response.status_code, response.json()["code"]) == (400, "bulk_invalid")
    assert response.json()["message"] == "3 of 5 documents are rejected; none was created."
    results = response.json()["results"]
    assert [(each["index"], each["status"], each["code"]) for each in results] == [
        (1, 400, "property_invalid"),
        (2, 400, "document_exists"),
        (4, 400, "document_exists"),
    ]
    assert await calls.ids("task") == ["taken"]


async def test_create_many_lists_what_breaks_the_contract(calls: MeshCalls) -> None:
    """Items that are no documents, and ids that are none, are listed among the others, as each would be rejected."""
    body: list[Any] = [{}, 5, {"_id": 5}, {"$x": 1}, [], {"_id": "a/b"}, {"_id": "x" * 129}, {"_id": ""}, None]
    response = await calls.call("POST", "meshes/task", body)
    assert (response.status_code, response.json()["code"]) == (400, "bulk_invalid")
    assert response.json()["message"] == "8 of 9 documents are rejected; none was created."
    for each in response.json()["results"]:
        alone = await calls.call("POST", "meshes/task", content=json.dumps(body[each["index"]]).encode())
        if each["index"] in {2, 3, 5, 6, 7}:
            assert {name: each[name] for name in ("message", "code")} == alone.json()
        else:
            assert (each["message"], each["code"]) == ("the value is not of type object", "value_invalid")
    assert [each["index"] for each in response.json()["results"]] == [*range(1, 9)]
    assert await calls.ids("task") == []


async def test_create_many_lists_a_hundred(calls: MeshCalls) -> None:
    """At most 100 rejected documents are listed, in order."""
    response = await calls.call("POST", "meshes/task", [{"$x": 1}] * 150)
    assert response.json()["message"] == "150 of 150 documents are rejected; none was created."
    assert [each["index"] for each in response.json()["results"]] == list(range(100))


async def test_ten_thousand(calls: MeshCalls) -> None:
    """An array of 10,000 documents is created whole."""
    response = await calls.call("POST", "meshes/task", [{"n": number} for number in range(10_000)])
    assert response.json()["createdCount"] == 10_000
    assert (await calls.call("GET", "meshes/task")).json()["totalRecords"] == 10_000
