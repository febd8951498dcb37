"""Meshes and projections, with the real server."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from meshydb import BadRequestError, ContentTooLargeError, NotFoundError
from meshydb.testing import MeshyServer
from tests.client.calls import PASSWORD, Play
from tests.client.pages import results_of

NOON: Final = datetime(2019, 11, 4, 12, tzinfo=UTC)


@dataclass
class Task:
    """A document as a class."""

    title: str
    due: datetime
    tags: list[str] = field(default_factory=list)
    done: bool = False
    id: str | None = None


def _use_each(client: Any) -> Generator[Any, Any, None]:
    """Use each operation once, and check its effect."""
    meshes = (yield client.login("rosa", PASSWORD)).meshes
    person = yield meshes.create("person", {"name": "Rosa", "born": NOON, "tags": ("friend", None)})
    assert list(person) == ["_id", "name", "born", "tags"]
    assert (person["born"], person["tags"]) == ("2019-11-04T12:00:00.000Z", ["friend", None])
    assert (yield meshes.get("PERSON", person["_id"])) == person
    others = yield meshes.create_many("person", [{"_id": "ä b", "name": "Ben", "age": 28}, {"name": "Rob", "age": 41}])
    assert (others.created_count, [each["name"] for each in others.created_data]) == (2, ["Ben", "Rob"])
    assert (yield meshes.get("person", "ä b"))["age"] == 28

    found = yield meshes.search("person", filter={"born": {"$lte": NOON, "$gt": NOON - timedelta(1)}}).page(1)
    assert found.results == (person,)
    query = {"name": re.compile("^ro", re.IGNORECASE)}
    by_name = yield results_of(meshes.search("person", filter=query, order_by={"name": -1}, page_size=1))
    assert [each["name"] for each in by_name] == ["Rosa", "Rob"]
    assert (yield meshes.search("person", filter="{ age: { $gt: 30 } }").page(1)).total_records == 1

    changed = yield meshes.update("person", person["_id"], {**person, "name": "Rosa Kern"})
    assert changed == {**person, "name": "Rosa Kern"}
    result = yield meshes.update_many("person", filter={"age": {"$exists": True}}, update={"$set": {"seen": NOON}})
    assert (result.matched_count, result.modified_count) == (2, 2)
    assert (yield meshes.search("person", filter={"seen": NOON}).page(1)).total_records == 2
    yield meshes.delete("person", "ä b")
    with pytest.raises(NotFoundError) as missing:
        yield meshes.get("person", "ä b")
    assert missing.value.code == "unknown_document"
    assert (yield meshes.delete_many("person", filter={"age": 41})).deleted_count == 1
    assert (yield meshes.delete_many("person", filter={})).deleted_count == 1


def test_each_operation(play: Play, meshydb_server: MeshyServer, settings: dict[str, Any]) -> None:
    """Documents are created, found, changed and deleted, with datetimes, patterns and ids of one's own."""
    play(_use_each, meshydb_server.url, **settings)


def _use_a_class(client: Any) -> Generator[Any, Any, None]:
    connection = yield client.login("rosa", PASSWORD)
    tasks = connection.meshes.of(Task)
    glue = yield tasks.create(Task("Buy glue", NOON, ["shop"]))
    assert glue == Task("Buy glue", NOON, ["shop"], id=glue.id)
    yield tasks.create_many([Task(f"Task {number}", NOON + timedelta(number)) for number in range(5)])
    assert (yield tasks.update(glue.id, replace(glue, done=True))).done
    assert (yield tasks.get(glue.id)) == replace(glue, done=True)
    open_tasks = yield results_of(tasks.search(filter={"done": False}, order_by={"due": -1}, page_size=2))
    assert [each.title for each in open_tasks] == [f"Task {number}" for number in (4, 3, 2, 1, 0)]
    for task in (yield results_of(tasks.search(filter={"done": False}, page_size=2))):
        yield tasks.delete(task.id)
    assert (yield tasks.search().page(1)).results == (replace(glue, done=True),)


def test_classes(play: Play, meshydb_server: MeshyServer, settings: dict[str, Any]) -> None:
    """Instances of a class are stored, and come back equal."""
    play(_use_a_class, meshydb_server.url, **settings)


def _iterate(client: Any) -> Generator[Any, Any, None]:
    meshes = (yield client.login("rosa", PASSWORD)).meshes
    yield meshes.create_many("task", [{"_id": each, "n": 1} for each in "\"'aAzZ\\{}é\U0001f600"])
    yield meshes.create_many("task", [{"n": number % 2} for number in range(20)])
    expected = sorted(
        each["_id"] for each in (yield meshes.search("task", filter={"n": 1}, page_size=200).page(1)).results
    )
    for query in ({"n": 1}, "{n:1}", {"$or": [{"n": 1}]}):
        found = yield results_of(meshes.search("task", filter=query, page_size=3))
        assert [each["_id"] for each in found] == expected
    assert len((yield results_of(meshes.search("task", page_size=7)))) == 31
    search = meshes.search("task", filter="n:1}]},{n:{$exists:true}", page_size=1)
    with pytest.raises(BadRequestError) as invalid:
        yield results_of(search)
    assert invalid.value.code == "filter_invalid"


def test_iteration(play: Play, meshydb_server: MeshyServer, settings: dict[str, Any]) -> None:
    """Iteration returns each document once and in order, whatever its id is, and with any filter."""
    play(_iterate, meshydb_server.url, **settings)


def _break_rules(client: Any) -> Generator[Any, Any, list[str | None]]:
    connection = yield client.login("rosa", PASSWORD)
    meshes = connection.meshes
    yield meshes.create("task", {"_id": "a"})
    with pytest.raises(BadRequestError) as bulk:
        yield meshes.create_many("task", [{"_id": "b"}, {"_id": "a"}, {"_id": "b"}])
    assert [(each.index, each.status, each.code) for each in bulk.value.results] == [
        (1, 400, "document_exists"),
        (2, 400, "document_exists"),
    ]
    assert (yield meshes.search("task").page(1)).total_records == 1
    calls: list[Callable[[], Any]] = [
        lambda: meshes.create("task", {"_id": "a"}),
        lambda: meshes.update("task", "a", {"_id": "b"}),
        lambda: meshes.search("task", filter={"$where": "true"}).page(1),
        lambda: meshes.search("task", order_by="{ a: 2 }").page(1),
        lambda: meshes.update_many("task", filter={}, update={"a": 1}),
        lambda: meshes.delete_many("task", filter="{"),
    ]
    codes: list[str | None] = [bulk.value.code]
    for call in calls:
        with pytest.raises(BadRequestError) as caught:
            yield call()
        codes.append(caught.value.code)
    with pytest.raises(NotFoundError) as missing:
        yield connection.projections.get("unheard").page(1)
    return [*codes, missing.value.code]


def test_rejections(play: Play, meshydb_server: MeshyServer, settings: dict[str, Any]) -> None:
    """A request that breaks a rule raises an error with the code of the rule."""
    assert play(_break_rules, meshydb_server.url, **settings) == [
        "bulk_invalid",
        "document_exists",
        "document_id_changed",
        "filter_invalid",
        "order_invalid",
        "update_invalid",
        "filter_invalid",
        "unknown_projection",
    ]


def _send_large(client: Any) -> Generator[Any, Any, None]:
    meshes = (yield client.login("rosa", PASSWORD)).meshes
    text = "x" * (4 * 1024 * 1024 - len('{"a":""}'))
    document = yield meshes.create("task", {"a": text})
    assert (yield meshes.get("task", document["_id"]))["a"] == text
    with pytest.raises(ContentTooLargeError):
        yield meshes.create("task", {"a": text + "x"})
    deep: dict[str, Any] = {}
    for _ in range(99):
        deep = {"a": deep}
    assert (yield meshes.create("task", deep))["a"] == deep["a"]


def test_large_documents(play: Play, meshydb_server: MeshyServer, settings: dict[str, Any]) -> None:
    """Documents as large and as deep as the contract allows are stored, and larger ones are rejected."""
    play(_send_large, meshydb_server.url, **settings)


def _send_many(client: Any) -> Generator[Any, Any, None]:
    meshes = (yield client.login("rosa", PASSWORD)).meshes
    many = yield meshes.create_many("item", [{"n": number} for number in range(10_000)])
    assert many.created_count == 10_000
    long = {"a": {"$ne": "ü" * 8_000}}
    assert (yield meshes.search("item", filter=long).page(1)).total_records == 10_000


def test_many_documents(play: Play, meshydb_server: MeshyServer, settings: dict[str, Any]) -> None:
    """As many documents as the contract allows are created at once, and found by a long filter."""
    play(_send_many, meshydb_server.url, **settings)
