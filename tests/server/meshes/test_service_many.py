"""Searching documents, and changing and deleting many, over HTTP on both databases."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import pytest
from attrs import evolve
from sqlalchemy.engine import Connection

from meshydb_server.services.meshes import UpdateCounts
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.meshes import MeshKey
from tests.support.mesh_calls import MeshCalls
from tests.support.people import ACCOUNT

pytestmark = pytest.mark.anyio

T = TypeVar("T")

_TASKS: Final[list[dict[str, Any]]] = [
    {"_id": "a", "title": "Buy glue", "due": 3, "done": False, "tags": ["home", "shop"]},
    {"_id": "b", "title": "Call Rosa", "due": 1, "done": True, "tags": []},
    {"_id": "c", "title": "Pay rent", "due": 2, "done": False, "owner": {"name": "Ben"}},
    {"_id": "d", "title": "Water plants", "done": False},
]


async def test_search(calls: MeshCalls) -> None:
    """A filter narrows, an order sorts, and both may be blank or what the JS SDK sends for nothing."""
    await calls.fill("task", *_TASKS)
    assert await calls.ids("task", filter='{"done":false}') == ["a", "c", "d"]
    assert await calls.ids("task", filter="{ done: false, due: { $gt: 2 } }") == ["a"]
    assert await calls.ids("task", filter="{ 'owner.name': /^b/i }") == ["c"]
    assert await calls.ids("task", filter="{ tags: 'shop' }") == ["a"]
    assert await calls.ids("task", orderBy='{"due":-1}') == ["a", "c", "b", "d"]
    assert await calls.ids("task", orderBy="{ done: -1, due: 1 }") == ["b", "d", "c", "a"]
    for nothing in ("", " ", "undefined", "null", "{}"):
        assert await calls.ids("task", filter=nothing, orderBy=nothing) == ["a", "b", "c", "d"]
    assert await calls.ids("nothing") == []


async def test_search_returns_documents(calls: MeshCalls) -> None:
    """Documents are found as they were created, with their names in order."""
    await calls.fill("task", *_TASKS)
    found = (await calls.call("GET", "meshes/task", filter='{"_id":"a"}')).text
    assert json.dumps(_TASKS[0], separators=(",", ":")) in found


async def test_pages(calls: MeshCalls) -> None:
    """The page and its size are those that were used, and past the end there is an empty page."""
    await calls.fill("n", *({"_id": f"{number:03}"} for number in range(260)))

    async def page(**params: Any) -> tuple[int, int, int, list[str]]:
        body = (await calls.call("GET", "meshes/n", **params)).json()
        assert body["totalRecords"] == 260
        ids = [each["_id"] for each in body["results"]]
        return body["page"], body["pageSize"], len(ids), ids[:1]

    assert await page() == (1, 25, 25, ["000"])
    assert await page(page="3", pageSize="100") == (3, 100, 60, ["200"])
    assert await page(page="-1", pageSize="0") == (1, 25, 25, ["000"])
    assert await page(page="0", pageSize="-7") == (1, 25, 25, ["000"])
    assert await page(page="2", pageSize="1000") == (2, 200, 60, ["200"])
    assert await page(page="2147483647", pageSize="200") == (2147483647, 200, 0, [])
    assert await page(PAGE="2", pagesize="1", pageNumber="9") == (2, 1, 1, ["001"])


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("filter", "{", "filter_invalid"),
        ("filter", "{$where:1}", "filter_invalid"),
        ("filter", "[]", "filter_invalid"),
        ("filter", "{a:1}" + " " * 16_384, "filter_invalid"),
        ("orderBy", "{a:2}", "order_invalid"),
        ("orderBy", "a", "order_invalid"),
        ("page", "x", "value_invalid"),
        ("pageSize", "1.5", "value_invalid"),
    ],
)
async def test_refused_searches(calls: MeshCalls, name: str, text: str, code: str) -> None:
    """A search that cannot be read is refused, with a message that names the place."""
    assert await calls.refused("GET", "meshes/task", **{name: text}) == (400, code)
    if code == "filter_invalid":
        assert await calls.refused("DELETE", "meshes/task", **{name: text}) == (400, code)


async def test_message_names_operator_and_place(calls: MeshCalls) -> None:
    """The message of a refused filter names the operator and the place."""
    message = (await calls.call("GET", "meshes/task", filter="{$or:[{a:1},{b:{$in:5}}]}")).json()["message"]
    assert "$or[1].b.$in" in message


async def test_update(calls: MeshCalls) -> None:
    """Documents that match are changed; those that the update leaves as they are count as matched only."""
    await calls.fill("task", *_TASKS)
    for update in ('{"$set":{"done":true}}', {"$set": {"done": True}}):
        body = {"filter": "{ due: { $exists: true } }", "update": update}
        response = await calls.call("PATCH", "meshes/task", body)
        assert response.status_code == 200
        changed = 2 if isinstance(update, str) else 0
        assert response.json() == {
            "isAcknowledged": True,
            "isModifiedCountAvailable": True,
            "matchedCount": 3,
            "modifiedCount": changed,
            "upsertedId": None,
        }
    assert await calls.ids("task", filter='{"done":true}') == ["a", "b", "c"]
    read = (await calls.call("GET", "meshes/task/a")).json()
    assert list(read) == list(_TASKS[0])


async def test_update_of_a_changed_condition(calls: MeshCalls) -> None:
    """An update changes each document once, even if it then matches again, and more than a group of them."""
    await calls.fill("n", *({"_id": f"{number:03}", "n": 0} for number in range(120)))
    body = {"filter": "{ n: { $lt: 5 } }", "update": "{ $inc: { n: 1 } }"}
    counts = (await calls.call("PATCH", "meshes/n", {"Filter": body["filter"], "UPDATE": body["update"]})).json()
    assert (counts["matchedCount"], counts["modifiedCount"]) == (120, 120)
    assert (await calls.call("GET", "meshes/n", filter="{ n: 1 }")).json()["totalRecords"] == 120


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "filter_required"),
        ({"filter": None, "update": "{}"}, "filter_required"),
        ({"filter": "undefined", "update": "{}"}, "filter_required"),
        ({"filter": "", "update": "{$set:{a:1}}"}, "filter_required"),
        ({"filter": {}}, "update_required"),
        ({"filter": {}, "update": "null"}, "update_required"),
        ({"filter": {}, "update": " "}, "update_required"),
        ({"filter": [], "update": {"$set": {"a": 1}}}, "filter_invalid"),
        ({"filter": True, "update": {"$set": {"a": 1}}}, "filter_invalid"),
        ({"filter": {"a": {"$b": 1}}, "update": {"$set": {"a": 1}}}, "filter_invalid"),
        ({"filter": "{" * 30, "update": {"$set": {"a": 1}}}, "filter_invalid"),
        ({"filter": "x" * 16_385, "update": {"$set": {"a": 1}}}, "filter_invalid"),
        ({"filter": {}, "update": 7}, "update_invalid"),
        ({"filter": {}, "update": {"a": 1}}, "update_invalid"),
        ({"filter": {}, "update": {}}, "update_invalid"),
        ({"filter": {}, "update": {"$set": {"_id": 1}}}, "update_invalid"),
        ({"filter": {}, "update": [{"$set": {"a": 1}}]}, "update_invalid"),
        ({"filter": {}, "update": {"$inc": {"title": 1}}}, "update_invalid"),
    ],
)
async def test_refused_updates(calls: MeshCalls, body: dict[str, Any], code: str) -> None:
    """An update that cannot be read, or does not fit, is refused, and changes nothing."""
    await calls.fill("task", *_TASKS)
    assert await calls.refused("PATCH", "meshes/task", body) == (400, code)
    results = (await calls.call("GET", "meshes/task")).json()["results"]
    assert results == _TASKS


async def test_update_grows_no_document_beyond_its_bound(calls: MeshCalls) -> None:
    """An update that would make a document larger than one that can be sent is refused."""
    await calls.fill("task", {"_id": "a", "text": "x" * 4_190_000})
    body = {"filter": {}, "update": {"$set": {"more": "x" * 16_000}}}
    assert await calls.refused("PATCH", "meshes/task", body) == (400, "update_invalid")
    assert list((await calls.call("GET", "meshes/task/a")).json()) == ["_id", "text"]


async def test_delete(calls: MeshCalls) -> None:
    """Documents that match are deleted, and no others."""
    await calls.fill("task", *_TASKS)
    await calls.fill("note", *_TASKS)
    response = await calls.call("DELETE", "meshes/task", filter='{"done":false}')
    assert (response.status_code, response.json()) == (200, {"deletedCount": 3, "isAcknowledged": True})
    assert await calls.ids("task") == ["b"]
    assert (await calls.call("DELETE", "meshes/nothing", filter="{}")).json()["deletedCount"] == 0
    assert await calls.ids("note") == ["a", "b", "c", "d"]


async def test_only_an_empty_object_deletes_all(calls: MeshCalls) -> None:
    """Without a filter, nothing is deleted; with `{}`, all documents of the mesh are."""
    await calls.fill("task", *_TASKS)
    await calls.fill("task", *_TASKS, tenant="south")
    assert await calls.refused("DELETE", "meshes/task") == (400, "filter_required")
    for nothing in ("", " ", "undefined", "null", "\t"):
        assert await calls.refused("DELETE", "meshes/task", filter=nothing) == (400, "filter_required")
    assert await calls.ids("task") == ["a", "b", "c", "d"]
    assert (await calls.call("DELETE", "meshes/task", filter="{ }")).json()["deletedCount"] == 4
    assert await calls.ids("task") == []
    assert await calls.ids("task", tenant="south") == ["a", "b", "c", "d"]


async def test_delete_of_many(calls: MeshCalls) -> None:
    """More documents than a group are deleted, with a filter and with none."""
    await calls.fill("n", *({"n": number} for number in range(2500)))
    assert (await calls.call("DELETE", "meshes/n", filter="{n:{$lt:120}}")).json()["deletedCount"] == 120
    assert (await calls.call("DELETE", "meshes/n", filter="{}")).json()["deletedCount"] == 2380


async def test_tenants_are_apart(calls: MeshCalls) -> None:
    """What one tenant has, another cannot see, find, count, change or delete, nor does it take its ids."""
    await calls.fill("task", *_TASKS)
    assert await calls.refused("GET", "meshes/task/a", tenant="south") == (404, "unknown_document")
    assert await calls.refused("PUT", "meshes/task/a", {}, tenant="south") == (404, "unknown_document")
    assert await calls.refused("DELETE", "meshes/task/a", tenant="south") == (404, "unknown_document")
    assert (await calls.call("GET", "meshes/task", tenant="south")).json()["totalRecords"] == 0
    body = {"filter": {}, "update": {"$set": {"stolen": True}}}
    assert (await calls.call("PATCH", "meshes/task", body, tenant="south")).json()["matchedCount"] == 0
    assert (await calls.call("DELETE", "meshes/task", filter="{}", tenant="south")).json()["deletedCount"] == 0
    await calls.fill("task", *_TASKS, tenant="south")
    assert (await calls.call("DELETE", "meshes/task/a", tenant="south")).status_code == 204
    assert (await calls.call("GET", "meshes/task")).json()["results"] == _TASKS


async def test_permissibles(calls: MeshCalls) -> None:
    """There is a permissible for each mesh of the tenant, after its first: alone, in an array, or imported."""
    assert (await calls.call("POST", "meshes/task", {})).status_code == 201
    await calls.fill("Note", {})
    await calls.fill("other", {}, tenant="south")
    transfer = calls.people.services.transfer
    await transfer.store(await transfer.find_mesh(ACCOUNT, None, "Item"), [{}], skip_existing=False)
    listed = (await calls.call("GET", "permissibles")).json()
    names = [each["name"] for each in listed["results"]]
    assert names == ["meshes", "meshes.item", "meshes.note", "meshes.task", "projections", "roles", "users"]
    assert listed["results"][3] == {
        "name": "meshes.task",
        "canCreate": True,
        "canRead": True,
        "canUpdate": True,
        "canDelete": True,
    }
    part = (await calls.call("GET", "permissibles", name="TAS")).json()["results"]
    assert [each["name"] for each in part] == ["meshes.task"]


async def test_increments_at_once(calls: MeshCalls) -> None:
    """Fifty increments of one document at once count to fifty."""
    await calls.fill("counter", {"_id": "a", "n": 0})
    body = {"filter": '{"_id":"a"}', "update": '{"$inc":{"n":1}}'}
    responses = await asyncio.gather(*(calls.call("PATCH", "meshes/counter", body) for _ in range(50)))
    assert [each.json().get("modifiedCount") for each in responses] == [1] * 50
    assert (await calls.call("GET", "meshes/counter/a")).json()["n"] == 50


class _Overtaken(Database):
    """A database on which something else happens after each scan."""

    def __init__(self, url: str, other: Callable[[], Awaitable[object]]) -> None:
        super().__init__(url)
        self._other = other

    async def scan(self, work: Callable[[Connection, Callable[[], None]], T], seconds: float) -> T:
        found = await super().scan(work, seconds)
        await self._other()
        return found


async def test_documents_are_tested_again(calls: MeshCalls, database_url: str) -> None:
    """A document that matches no longer when its turn comes is neither changed nor deleted."""
    mesh = MeshKey(ACCOUNT, "north", "job")
    await calls.fill("job", {"_id": "a", "free": True}, {"_id": "b", "free": True})
    async with _Overtaken(database_url, lambda: calls.call("PUT", "meshes/job/a", {"free": False})) as database:
        many = evolve(calls.people.services.many, database=database)
        assert await many.update(mesh, {"free": True}, {"$set": {"n": 1}}) == UpdateCounts(matched=1, modified=1)
        await calls.call("PUT", "meshes/job/a", {"free": True})
        assert await many.delete(mesh, {"free": True}) == 1
    assert (await calls.call("GET", "meshes/job")).json()["results"] == [{"_id": "a", "free": False}]


async def test_creation_of_one_id_at_once(calls: MeshCalls) -> None:
    """Of ten creations of one id at once, in arrays and alone, one succeeds, and the others say why they do not."""
    bodies: list[Any] = [{"_id": "a"}, [{"_id": "a"}, {"n": 1}]] * 5
    responses = await asyncio.gather(*(calls.call("POST", "meshes/task", each) for each in bodies))
    codes = [each.json().get("code") for each in responses]
    assert codes.count(None) == 1
    assert set(codes[::2]) <= {None, "document_exists"}
    assert set(codes[1::2]) <= {None, "bulk_invalid"}
